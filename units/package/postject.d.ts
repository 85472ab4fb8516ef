/** The part of postject that we use; it brings no types. */
declare module "postject" {
  export function inject(
    file: string,
    resourceName: string,
    resource: Buffer,
    options: { readonly sentinelFuse: string },
  ): Promise<void>;
}
