/** The catalog as it lies on the disk cannot be used by this program. The message says where it is and what to do. */
export class CatalogUnusable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CatalogUnusable";
  }
}
