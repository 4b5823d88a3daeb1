/** What went wrong, in words, and the way on. */
import type { ComponentChildren } from 'preact';
import { Failure } from '../api/client.ts';
import { Button } from './Button.tsx';
import { Icon } from './Icon.tsx';
import { useSpeech } from './speech.ts';

/** Codes where only the server knows the reason, so its sentence is shown. */
const SPEAKS: ReadonlySet<string> = new Set(['invalid_input', 'not_allowed', 'side_refused', 'safety_stop', 'slot_taken', 'version_moved']);
/** Codes that IT will ask for. */
const NAMES_CODE: ReadonlySet<string> = new Set(['side_denied', 'side_garbled', 'unknown', 'safety_stop']);

interface Props {
  fault: Failure;
  onRetry?: () => void;
  onSignIn?: () => void;
  onDismiss?: () => void;
  children?: ComponentChildren;
}

export function FaultPanel({ fault, onRetry, onSignIn, onDismiss, children }: Props) {
  const { words } = useSpeech();
  const { title, text } = words.fault[fault.code];
  const signIn = fault.code === 'sign_in_needed' || fault.code === 'not_signed_in';
  const mild = signIn || fault.code === 'slot_taken';
  const icon = fault.code === 'offline' ? 'offline' : signIn ? 'person' : mild ? 'info' : 'warning';
  return (
    <div class={`panel ${mild ? 'mild' : 'bad'}`} role="alert">
      <Icon name={icon} />
      <div class="panel-body">
        <p class="panel-title">{title}</p>
        <p>{SPEAKS.has(fault.code) && fault.detail ? fault.detail : text}</p>
        {NAMES_CODE.has(fault.code) && (
          <p class="quiet">{words.faultCode([fault.code, fault.requestId].filter(Boolean).join(' '))}</p>
        )}
        {children}
        <div class="actions">
          {signIn && onSignIn && <Button rank="primary" onPress={onSignIn}>{words.action.signIn}</Button>}
          {!signIn && onRetry && <Button onPress={onRetry} icon="refresh">{words.action.retry}</Button>}
          {onDismiss && <Button rank="subtle" onPress={onDismiss}>{words.action.dismiss}</Button>}
        </div>
      </div>
    </div>
  );
}
