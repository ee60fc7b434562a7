/** An account of the dev network, as the gateway's configuration takes it. */
export interface DevUser {
  readonly name: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly territory: string;
  readonly cessAccount: string;
}

/** The key of a wallet that has tokens, and nothing else yet. */
export const NEWCOMER = "//Newcomer";

/** Two owners with well-known keys; `uri` derives the CESS account from Substrate's development phrase. */
export const devUsers: readonly (Omit<DevUser, "cessAccount"> & { readonly uri: string })[] = [
  { name: "cessdev", accessKeyId: "cessdev", secretAccessKey: "cessdevsecret", territory: "cessdev", uri: "//CessDev" },
  { name: "cessalt", accessKeyId: "cessalt", secretAccessKey: "cessaltsecret", territory: "cessalt", uri: "//CessAlt" },
];
