/** A button in Fluent's three ranks. While it works it says so and cannot be pressed again, but keeps the focus. */
import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './Icon.tsx';

interface Props {
  children: ComponentChildren;
  onPress: () => void;
  rank?: 'primary' | 'secondary' | 'subtle';
  icon?: IconName;
  busy?: boolean;
  wide?: boolean;
  danger?: boolean;
  expanded?: boolean;
  id?: string;
}

export function Button({ children, onPress, rank = 'secondary', icon, busy = false, wide = false, danger = false, expanded, id }: Props) {
  return (
    <button
      type="button"
      id={id}
      class={`button ${rank}${wide ? ' wide' : ''}${danger ? ' danger' : ''}`}
      aria-disabled={busy || undefined}
      aria-expanded={expanded}
      onClick={() => {
        if (!busy) onPress();
      }}
    >
      {busy ? <span class="spinner" aria-hidden="true" /> : icon && <Icon name={icon} size={16} />}
      <span>{children}</span>
    </button>
  );
}
