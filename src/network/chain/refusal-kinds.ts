/** What a refusal of the chain means, whichever pallet says it. */
export type RefusalKind =
  /** The same call is always refused: it is malformed. */
  | "malformed"
  /** What was to be made is there already. */
  | "existed"
  | "notAuthorized"
  | "noTerritory"
  | "territoryFull"
  | "territoryInactive"
  /** The account holds as many files as the chain allows. */
  | "tooManyFiles"
  /** The account or the file has as many entries as the chain allows. */
  | "tooManyEntries"
  /** The chain would give back more space than the territory has in use. */
  | "spaceNotInUse"
  /** The chain has paused this call. */
  | "paused"
  /** Any other: it may be temporary. */
  | "other";

const kinds: Readonly<Record<string, RefusalKind>> = {
  "fileBank.SpecError": "malformed",
  "fileBank.LessMinLength": "malformed",
  "fileBank.LengthExceedsLimit": "malformed",
  "fileBank.ConvertHashError": "malformed",
  "fileBank.BugInvalid": "malformed",
  "fileBank.PanicOverflow": "malformed",
  "fileBank.Existed": "existed",
  "fileBank.NoPermission": "notAuthorized",
  "oss.NoAuthorization": "notAuthorized",
  "storageHandler.NotHaveTerritory": "noTerritory",
  "fileBank.InsufficientAvailableSpace": "territoryFull",
  "storageHandler.InsufficientAvailableSpace": "territoryFull",
  "storageHandler.InsufficientStorage": "territoryFull",
  "fileBank.NotActive": "territoryInactive",
  "storageHandler.NotActive": "territoryInactive",
  "storageHandler.LeaseFreeze": "territoryInactive",
  "storageHandler.LeaseExpired": "territoryInactive",
  "fileBank.StorageLimitReached": "tooManyFiles",
  "fileBank.BoundedVecError": "tooManyEntries",
  "storageHandler.Overflow": "spaceNotInUse",
  "system.CallFiltered": "paused",
  "sminer.AlreadyRegistered": "existed",
  "oss.Existed": "existed",
  "oss.BoundedVecError": "tooManyEntries",
};

/** Of a pallet's error by its name in the runtime's metadata. */
export function refusalKind(section: string, reason: string): RefusalKind {
  return kinds[`${section}.${reason}`] ?? "other";
}
