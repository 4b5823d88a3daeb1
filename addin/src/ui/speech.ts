/** The language and the clock, for every component. */
import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import { speak, type Speech } from '../strings/index.ts';

export const SpeechContext = createContext<Speech>(speak('en'));

export function useSpeech(): Speech {
  return useContext(SpeechContext);
}

/** The time now, again every `everyMs` while the pane is in sight. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState !== 'hidden') setNow(Date.now());
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
