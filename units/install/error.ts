/** A mistake or an obstacle that install-device names together with what to do about it. */
export class InstallError extends Error {
  readonly remedy: string;

  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
  }
}
