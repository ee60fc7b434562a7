/** Binds a sealed secret to its access key: it does not open for another one. */
export const secretPurpose = (accessKeyId: string) => `secret access key ${accessKeyId}`;
