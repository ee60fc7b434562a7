import { failure, ok, warning, type Finding } from "./finding.js";

/** As in package.json's `engines`. */
const NODE = { major: 20, minor: 19 };
/** Files that are open besides connections of clients: catalog, blobs, cache, storage nodes. */
const OTHER_FILES = 1024;

/** The version of Node.js. */
export function nodeVersion(version: string = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isOld = major < NODE.major || (major === NODE.major && minor < NODE.minor);
  if (!isOld) return ok("node.js", `version ${version}`);
  return failure(
    "node.js",
    `version ${version} is too old`,
    `install Node.js ${NODE.major}.${NODE.minor} or newer: https://nodejs.org`,
  );
}

/** Whether as many connections can be open as `limits.maxConnections` allows. */
export function openFiles(maxConnections: number, limit: number | "unlimited" | undefined = limitNow()): Finding {
  const needed = maxConnections + OTHER_FILES;
  if (limit === undefined) return ok("open files", "this system has no limit that can be read");
  if (limit === "unlimited" || limit >= needed)
    return ok("open files", `the limit is ${limit}, ${needed} may be needed`);
  return warning(
    "open files",
    `the limit is ${limit}, and limits.maxConnections: ${maxConnections} may need ${needed}`,
    `raise the limit (ulimit -n ${needed}, LimitNOFILE in systemd), or lower limits.maxConnections`,
  );
}

function limitNow(): number | "unlimited" | undefined {
  const { userLimits } = process.report.getReport() as {
    readonly userLimits?: { readonly open_files?: { readonly soft: number | "unlimited" } };
  };
  return userLimits?.open_files?.soft;
}
