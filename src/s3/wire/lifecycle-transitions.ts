import type {
  LifecycleRule as WireRule,
  NoncurrentVersionTransition as WireNoncurrent,
  Transition as WireTransition,
} from "@aws-sdk/client-s3";
import { S3Error } from "../../gateway/s3-error.js";
import {
  transitionClasses,
  type LifecycleRule,
  type NoncurrentTransition,
  type Transition,
  type TransitionClass,
} from "../../model/lifecycle.js";
import { defined } from "../../model/defined.js";

type Transitions = Pick<LifecycleRule, "transitions" | "noncurrentTransitions">;

/** AWS's limits, in days: objects must be 30 days old before they move to an infrequent-access class. */
const MIN_DAYS: Readonly<Partial<Record<TransitionClass, number>>> = { STANDARD_IA: 30, ONEZONE_IA: 30 };
const MAX_DAYS = 2_147_483_647;
const MAX_KEPT = 100;

const malformed = () => new S3Error("MalformedXML");
const invalid = (message: string) => new S3Error("InvalidArgument", { message });

function classOf(text: string | undefined): TransitionClass {
  const found = transitionClasses.find((known) => known === text);
  if (!found) throw malformed();
  return found;
}

function daysOf(days: number, storageClass: TransitionClass, element: string, action: string): number {
  const least = MIN_DAYS[storageClass] ?? 0;
  if (days < 0 || days > MAX_DAYS) throw invalid(`'${element}' for ${action} action must be a nonnegative integer`);
  if (days < least)
    throw invalid(
      `'${element}' in ${action} action must be greater than or equal to ${least} for storageClass '${storageClass}'`,
    );
  return days;
}

function readTransition({ Days, Date: date, StorageClass }: WireTransition): Transition {
  const storageClass = classOf(StorageClass);
  if ((Days === undefined) === (date === undefined)) throw malformed();
  if (Days !== undefined) return { storageClass, at: { days: daysOf(Days, storageClass, "Days", "Transition") } };
  const at = date?.getTime() ?? 0;
  if (at % 86_400_000 !== 0) throw invalid("'Date' must be at midnight GMT");
  return { storageClass, at: { date: at } };
}

function readNoncurrent({
  NoncurrentDays,
  StorageClass,
  NewerNoncurrentVersions: keep,
}: WireNoncurrent): NoncurrentTransition {
  const storageClass = classOf(StorageClass);
  if (NoncurrentDays === undefined) throw malformed();
  if (keep !== undefined && (keep < 1 || keep > MAX_KEPT))
    throw invalid(`'NewerNoncurrentVersions' for NoncurrentVersionTransition action must be between 1 and ${MAX_KEPT}`);
  const days = daysOf(NoncurrentDays, storageClass, "NoncurrentDays", "NoncurrentVersionTransition");
  return defined({ storageClass, days, keep });
}

/** Reads the transitions of a rule. MalformedXML, InvalidArgument, InvalidRequest. */
export function readTransitions({ Transitions = [], NoncurrentVersionTransitions = [] }: WireRule): Transitions {
  const [transitions, noncurrentTransitions] = [
    Transitions.map(readTransition),
    NoncurrentVersionTransitions.map(readNoncurrent),
  ];
  for (const list of [transitions, noncurrentTransitions]) {
    const classes = new Set(list.map(({ storageClass }) => storageClass));
    if (classes.size < list.length)
      throw new S3Error("InvalidRequest", {
        message: "'StorageClass' must be different for transition actions in same 'Rule'",
      });
  }
  return {
    ...(transitions.length > 0 ? { transitions } : {}),
    ...(noncurrentTransitions.length > 0 ? { noncurrentTransitions } : {}),
  };
}

/**
 * A rule's expiration must come after its transitions, and both must be in days or both in dates. InvalidArgument,
 * InvalidRequest.
 */
export function requireOrder({
  expiration,
  noncurrent,
  transitions = [],
  noncurrentTransitions = [],
}: Partial<LifecycleRule>): void {
  const end = expiration && !("deleteMarkers" in expiration) ? expiration : undefined;
  const times = [...transitions.map(({ at }) => at), ...(end ? [end] : [])];
  if (new Set(times.map((at) => "date" in at)).size > 1) {
    throw new S3Error("InvalidRequest", {
      message: "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule",
    });
  }
  const before = (at: Transition["at"]) =>
    end === undefined ||
    ("days" in at ? at.days < ("days" in end ? end.days : 0) : at.date < ("date" in end ? end.date : 0));
  if (!transitions.every(({ at }) => before(at)))
    throw invalid("The Expiration action must be later than every Transition action of its rule");
  if (noncurrent && noncurrentTransitions.some(({ days }) => days >= noncurrent.days)) {
    throw invalid(
      "'NoncurrentDays' in the NoncurrentVersionExpiration action must be greater than 'NoncurrentDays' in the NoncurrentVersionTransition action",
    );
  }
}

export function writeTransitions({
  transitions,
  noncurrentTransitions,
}: LifecycleRule): Pick<WireRule, "Transitions" | "NoncurrentVersionTransitions"> {
  return {
    ...(transitions
      ? {
          Transitions: transitions.map(({ storageClass, at }) => ({
            StorageClass: storageClass,
            ...("date" in at ? { Date: new Date(at.date) } : { Days: at.days }),
          })),
        }
      : {}),
    ...(noncurrentTransitions
      ? {
          NoncurrentVersionTransitions: noncurrentTransitions.map(({ storageClass, days, keep }) => ({
            NoncurrentDays: days,
            StorageClass: storageClass,
            NewerNoncurrentVersions: keep,
          })),
        }
      : {}),
  };
}
