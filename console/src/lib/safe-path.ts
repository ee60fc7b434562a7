/** A path within the ZIP that leads nowhere else, whoever unpacks it. */
export const safePath = (path: string): string =>
  path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .map((part) => (part === ".." ? "__" : part.replace(/[\u0000-\u001f\\:]/g, "_")))
    .join("/");
