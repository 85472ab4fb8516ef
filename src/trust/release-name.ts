/** Names of releases: what a device follows. A root document speaks of them as well as statements do. */
export const RELEASE_NAME_PATTERN = /^[a-z0-9][a-z0-9._-]{0,63}$/;
