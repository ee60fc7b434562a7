/** Own drawings on a field of 24 × 24, of strokes. */
const PATHS = {
  bucket:
    "M4 6c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3Zm0 0 1.6 12.4C5.8 19.9 8.600 21 12 21s6.200-1.100 6.400-2.600L20 6",
  folder: "M3 7a2 2 0 0 1 2-2h4l2 2.500h8a2 2 0 0 1 2 2V17a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2Z",
  file: "M6 3h8l4 4v12a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2Zm8 0v5h4",
  picture: "M4 5h16v14H4ZM4 16l5-5 4 4 3-3 4 4M15.500 9.500h.01",
  upload: "M12 16V4m0 0L7 9m5-5 5 5M4 17v2a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-2",
  download: "M12 4v12m0 0-5-5m5 5 5-5M4 17v2a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-2",
  share:
    "M18 8a3 3 0 1 0-2.900-2.300L8.500 9.700a3 3 0 1 0 0 4.600l6.600 4a3 3 0 1 0 .8-1.600L9.400 12.700v-1.400l6.500-4A3 3 0 0 0 18 8Z",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
  settings: "M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4",
  search: "M11 18a7 7 0 1 1 0-14 7 7 0 0 1 0 14Zm5-2 4.500 4.500",
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6 6 18",
  check: "M5 12.500 10 17.500 19 7",
  warning: "M12 4 2.500 20h19ZM12 10v5M12 17.500h.01",
  info: "M12 21a9 9 0 1 1 0-18 9 9 0 0 1 0 18ZM12 11v5M12 8h.01",
  pulse: "M3 12h4l3-8 4 16 3-8h4",
  nodes:
    "M12 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM5 21a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM19 21a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM10.600 7.600 6.500 15.400M13.400 7.600l4.100 7.800",
  jobs: "M5 6h14M5 12h14M5 18h8M17 16l4 2.500L17 21Z",
  pack: "M12 3 4 7v10l8 4 8-4V7ZM4 7l8 4 8-4M12 11v10",
  user: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4 21c.500-4 3.500-6 8-6s7.500 2 8 6",
  key: "M15 15a5 5 0 1 0-4.700-3.300L3 19v2h4v-2h2v-2h2l1.700-2.300c.700.200 1.500.300 2.300.300ZM16 9h.01",
  sun: "M12 17a5 5 0 1 0 0-10 5 5 0 0 0 0 10ZM12 1.500v2M12 20.500v2M1.500 12h2M20.500 12h2M4.600 4.600 6 6M18 18l1.400 1.400M4.600 19.400 6 18M18 6l1.400-1.400",
  moon: "M20 14.500A8.500 8.500 0 0 1 9.500 4 8.500 8.500 0 1 0 20 14.500Z",
  out: "M14 4h5a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1h-5M10 8l-4 4 4 4M6 12h10",
  copy: "M9 9h11v11H9ZM5 15H4V4h11v1",
  refresh: "M20 11a8 8 0 0 0-14.500-3.500L3 10M3 5v5h5M4 13a8 8 0 0 0 14.500 3.500L21 14M21 19v-5h-5",
  pause: "M8 5v14M16 5v14",
  play: "M7 5l12 7-12 7Z",
  back: "M19 12H5m0 0 6-6m-6 6 6 6",
  menu: "M4 7h16M4 12h16M4 17h16",
  history: "M4 12a8 8 0 1 0 2.500-5.800L4 8.500M4 4v4.500h4.500M12 8v4.500l3 2",
  link: "M10 14a4 4 0 0 0 6 .500l3-3a4 4 0 0 0-5.700-5.700L12 7M14 10a4 4 0 0 0-6-.500l-3 3a4 4 0 0 0 5.700 5.700L12 17",
  space: "M4 4h7v7H4ZM13 4h7v7h-7ZM4 13h7v7H4ZM16.500 13v7M13 16.500h7",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, spin = false }: { name: IconName; spin?: boolean }) {
  return (
    <svg
      class={spin ? "icon spin" : "icon"}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
