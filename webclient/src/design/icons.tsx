import type { JSX } from "preact";

// Drawn on a grid of 24 with strokes, so that they take the colour of the text beside them.
const paths = {
  add: "M12 5v14M5 12h14",
  attach: "M20 11.500l-8 8a5 5 0 0 1-7-7l8.500-8.500a3.500 3.500 0 0 1 5 5L10 17.500a2 2 0 0 1-3-3l7.500-7.500",
  back: "M15 5l-7 7 7 7",
  bell: "M6 16v-5a6 6 0 0 1 12 0v5l1.500 2h-15L6 16zM10 21h4",
  bellOff: "M7 9.500A6 6 0 0 1 18 11v4M6.500 12v4L5 18h13M10 21h4M4 4l16 16",
  check: "M5 13l4.500 4.500L19 7",
  chevron: "M9 6l6 6-6 6",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7.500V12l3 2",
  close: "M6 6l12 12M18 6L6 18",
  code: "M8 7l-5 5 5 5M16 7l5 5-5 5",
  compass: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM15.500 8.500l-2 5-5 2 2-5 5-2z",
  copy: "M9 9h10v11H9zM6 15H5V4h10v2",
  down: "M12 5v14M6 13l6 6 6-6",
  download: "M12 4v11M7 10.500l5 5 5-5M5 20h14",
  edit: "M4 20l1-4L16 5l3 3L8 19l-4 1zM14 7l3 3",
  enter: "M14 4h4a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2h-4M4 12h11M11 8l4 4-4 4",
  file: "M6 3h8l5 5v13H6zM14 3v5h5",
  flag: "M6 21V4h12l-2 4 2 4H6",
  forward: "M14 6l6 5.500-6 5.500v-3.500c-5 0-8 1.500-10 4.500.500-5 3.500-8.500 10-8.500V6z",
  home: "M4 11l8-7 8 7v9h-5v-5H9v5H4v-9z",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9.500v.010",
  leave: "M10 4H6a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h4M10 12h10M16 8l4 4-4 4",
  link: "M10 14a4 4 0 0 0 6 .500l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6-.500l-3 3a4 4 0 0 0 6 6l1-1",
  more: "M4.800 12h.400M11.800 12h.400M18.800 12h.400",
  message: "M4 5h16v11H9l-5 4V5zM8 9h8M8 12h5",
  people:
    "M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM2.500 20a6.500 6.500 0 0 1 13 0M16 4.500a3.500 3.500 0 0 1 0 6M18.500 14.500A6.500 6.500 0 0 1 21.500 20",
  pin: "M9 4h6l-1 6 3 3v2H7v-2l3-3-1-6zM12 15v6",
  play: "M8 5l11 7-11 7V5z",
  poll: "M5 20v-8M12 20V4M19 20v-5",
  reply: "M10 6l-6 5.500L10 17v-3.500c5 0 8 1.500 10 4.500-.500-5-3.500-8.500-10-8.500V6z",
  retry: "M4 11a8 8 0 0 1 14-4.500L20 9M20 4v5h-5M20 13a8 8 0 0 1-14 4.500L4 15M4 20v-5h5",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l4.500 4.500",
  send: "M4 12l16-8-5 16-3.500-6.500L4 12z",
  smile: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.500 14c1.500 3 5.500 3 7 0M9 9.500v.010M15 9.500v.010",
  star: "M12 4l2.500 5.200 5.700.800-4.100 4 1 5.700-5.100-2.700-5.100 2.700 1-5.700-4.100-4 5.700-.800L12 4z",
  thread: "M4 5h16v11h-8l-4 4v-4H4zM8 9h8M8 12.500h5",
  trash: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13M10.500 11v5M13.500 11v5",
  up: "M12 19V5M6 11l6-6 6 6",
  settings:
    "M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM19 12l2-1-2-4-2 .500-2-1.500-.500-2h-5L9 6 7 7.500 5 7l-2 4 2 1v1l-2 1 2 4 2-.500L9 19l.500 2h5l.500-2 2-1.500 2 .500 2-4-2-1z",
  shield: "M12 3l7 3v5c0 4.500-3 8-7 10-4-2-7-5.500-7-10V6l7-3z",
  warning: "M12 4l9 16H3l9-16zM12 10v4M12 17v.500",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
