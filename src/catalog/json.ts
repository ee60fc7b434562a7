/** JSON columns: null stands for nothing, and for the object without members. */
export function packJson(value: object | undefined): string | null {
  if (value === undefined || (!Array.isArray(value) && Object.keys(value).length === 0)) return null;
  return JSON.stringify(value);
}

export function unpackJson(column: string | null): unknown {
  return column === null ? undefined : JSON.parse(column);
}
