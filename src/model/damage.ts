import { DomainError, isProblem, type Problem } from "./errors.js";

/** Staged bytes that are not those that were written, or are gone. */
export type Damage = Problem & { readonly kind: "stagedBytesDamaged" };

/** Remembers damage with everything that has these bytes. Resolves whether anything has them. */
export type DamageRecord = (damage: Damage) => Promise<boolean>;

export function stagedBytesDamaged(damage: Damage): DomainError {
  return new DomainError(
    damage,
    "Bytes of this object that are staged on the gateway's disk are damaged. Put the object again.",
  );
}

export function damageOf(failure: unknown): Damage | undefined {
  return isProblem(failure, "stagedBytesDamaged") ? (failure.problem as Damage) : undefined;
}

/** The work's result; damage that ends it is recorded before the caller is told. */
export async function recordingDamage<T>(work: Promise<T>, record: DamageRecord): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const damage = damageOf(error);
    if (damage) await record(damage);
    throw error;
  }
}
