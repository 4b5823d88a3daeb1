/** The appointment in two lines, so that it is plain what is being searched for. */
import type { Form } from '../model/form.ts';
import { slotOf } from '../model/form.ts';
import { dayAndTimes, zoneName } from './format.ts';
import { Icon } from './Icon.tsx';
import { useSpeech } from './speech.ts';

export function FormSummary({ form }: { form: Form | null }) {
  const { words, locale } = useSpeech();
  const slot = form && slotOf(form);
  return (
    <header class="summary">
      <Icon name="calendar" />
      <div>
        <h1>{slot && form ? dayAndTimes(slot.start, slot.end, { locale, zone: form.zone }) : words.product}</h1>
        <p class="quiet">
          {form ? (
            <>
              <span>{zoneName(form.zone, locale)}</span>
              <span>{words.form.persons(form.persons)}</span>
              {form.recurrence && <span class="with-icon"><Icon name="repeat" size={16} />{words.form.series}</span>}
            </>
          ) : <span>{words.form.reading}</span>}
        </p>
      </div>
    </header>
  );
}
