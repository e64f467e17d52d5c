import type { ReactElement } from 'react';

export type IconName =
  'market' | 'fleet' | 'logistics' | 'pool' | 'money' | 'desk' | 'search' | 'scheme' | 'close' | 'more';

const PATHS: Record<IconName, ReactElement> = {
  market: <path d="M5 3v3M5 14v3M3 6h4v8H3zM12 2v4M12 12v4M10 6h4v6h-4zM19 6v3M19 17v3M17 9h4v8h-4z" />,
  fleet: <path d="M4 3h16v5H4zM4 9.5h16v5H4zM4 16h16v5H4zM7 5.5h.1M7 12h.1M7 18.5h.1M11 5.5h6M11 12h6M11 18.5h6" />,
  logistics: <path d="M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9" />,
  pool: <path d="M3 21h18M3 15c2.5 0 3-9 5.5-9s3 9 6 9 3-9 5.5-9" />,
  money: <path d="M3 6h18v12H3zM3 10.5h18M6.5 14.5h4" />,
  desk: <path d="M12 3v17M8 20.5h8M4 6h16M6.5 6L3 13.5h7zM17.5 6L14 13.5h7z" />,
  search: <path d="M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5L20 20" />,
  scheme: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M12 3.5a8.5 8.5 0 0 1 0 17z" fill="currentColor" />
    </>
  ),
  close: <path d="M5 5l14 14M19 5L5 19" />,
  more: <path d="M5 12h.1M12 12h.1M19 12h.1" />,
};

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor"
      strokeWidth="1.7" strokeLinejoin="round" aria-hidden
    >
      {PATHS[name]}
    </svg>
  );
}

export function Mark({ size = 22 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 22 22" fill="none" stroke="currentColor" strokeWidth="2" aria-hidden>
      <path d="M2.5 1.5v19M19.5 1.5v19M2.5 6.5h17M2.5 15.5h17" />
      <path d="M7.5 11h7" stroke="var(--ac)" strokeWidth="3.5" />
    </svg>
  );
}
