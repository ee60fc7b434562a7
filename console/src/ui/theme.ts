import { effect, signal } from "@preact/signals";

export type Theme = "light" | "dark";

const STORED = "cess-s3.theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const read = () => {
  const stored = localStorage.getItem(STORED);
  return stored === "light" || stored === "dark" ? stored : undefined;
};

const chosen = signal<Theme | undefined>(undefined);
const ofSystem = signal<Theme>(system.matches ? "dark" : "light");

export const theme = { get: (): Theme => chosen.value ?? ofSystem.value };

/** Follows the system until the person chooses. */
export function startTheme(): void {
  chosen.value = read();
  system.addEventListener("change", ({ matches }) => (ofSystem.value = matches ? "dark" : "light"));
  effect(() => document.documentElement.setAttribute("data-theme", theme.get()));
}

export function switchTheme(): void {
  const next = theme.get() === "dark" ? "light" : "dark";
  chosen.value = next;
  localStorage.setItem(STORED, next);
}
