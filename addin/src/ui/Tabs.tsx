/** Two or more views of which one is open; arrow keys move between them, Tab goes on into the view. */
import { useRef } from 'preact/hooks';

interface Props<T extends string> {
  label: string;
  tabs: Array<{ id: T; text: string }>;
  open: T;
  onOpen: (id: T) => void;
}

export function Tabs<T extends string>({ label, tabs, open, onOpen }: Props<T>) {
  const list = useRef<HTMLDivElement>(null);
  const step = (event: KeyboardEvent) => {
    const at = tabs.findIndex((tab) => tab.id === open);
    const move: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 };
    const next = move[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const tab = tabs[(next + tabs.length) % tabs.length];
    if (!tab) return;
    onOpen(tab.id);
    list.current?.querySelector<HTMLElement>(`#tab-${tab.id}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={step}>
      {tabs.map((tab) => (
        <button
          key={tab.id} type="button" role="tab" id={`tab-${tab.id}`} aria-selected={tab.id === open}
          aria-controls={`view-${tab.id}`} tabIndex={tab.id === open ? 0 : -1} onClick={() => onOpen(tab.id)}
        >
          {tab.text}
        </button>
      ))}
    </div>
  );
}
