import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

const accent: MantineColorsTuple = [
  '#eef1f6', '#cfdaf7', '#a3b8f0', '#86a2ff', '#6485e2',
  '#4a6fc9', '#4166ea', '#2a4fd3', '#2f4a86', '#22304f',
];

// Mantine's own look is replaced by the tokens: flush, 4-px controls, no
// shadows. Its controls bring focus traps, listboxes and key handling.
export const theme = createTheme({
  primaryColor: 'accent',
  colors: { accent },
  fontFamily: 'var(--sans)',
  fontFamilyMonospace: 'var(--mono)',
  fontSizes: { xs: '11px', sm: '12px', md: '13px', lg: '14px', xl: '16px' },
  defaultRadius: 4,
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Modal: {
      defaultProps: {
        centered: true, padding: 16, radius: 4, overlayProps: { backgroundOpacity: 0.6 },
        transitionProps: { duration: 0 }, closeButtonProps: { 'aria-label': 'Close' },
      },
    },
    Drawer: { defaultProps: { transitionProps: { duration: 120 }, overlayProps: { backgroundOpacity: 0.6 }, closeButtonProps: { 'aria-label': 'Close' } } },
    Menu: { defaultProps: { transitionProps: { duration: 0 }, radius: 4 } },
    Tooltip: { defaultProps: { openDelay: 300, transitionProps: { duration: 0 } } },
  },
});

export const cssVariables: CSSVariablesResolver = () => {
  const own = {
    '--mantine-color-body': 'var(--s1)',
    '--mantine-color-text': 'var(--t1)',
    '--mantine-color-dimmed': 'var(--t2)',
    '--mantine-color-default': 'var(--s2)',
    '--mantine-color-default-hover': 'var(--s3)',
    '--mantine-color-default-color': 'var(--t1)',
    '--mantine-color-default-border': 'var(--ln2)',
    '--mantine-color-placeholder': 'var(--t3)',
    '--mantine-color-error': 'var(--bad)',
  };
  return { variables: {}, dark: own, light: own };
};
