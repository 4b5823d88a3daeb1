/** The entry of the pane: draws at once, then waits for Outlook. */
import { render } from 'preact';
import '../ui/tokens.css';
import '../ui/pane.css';
import { createClient } from '../api/client.ts';
import { createRoomBooker } from '../api/resources.ts';
import { createSignIn } from '../office/auth.ts';
import { readConfig } from '../office/config.ts';
import { language, start } from '../office/host.ts';
import { followTheme } from '../office/theme.ts';
import { App } from './App.tsx';
import { openOutlook } from './outlook.ts';
import { createPane } from './pane.ts';
import { createStore, firstState } from './state.ts';

const signIn = createSignIn(readConfig());
const api = createRoomBooker(createClient(document.baseURI, signIn.token));
const store = createStore(firstState(navigator.language));

const pane = createPane(store, api, {
  language,
  openOutlook,
  signIn: () => signIn.token({ pressed: true }),
  async startOutlook() {
    const inside = await start();
    if (inside) {
      followTheme((theme) => {
        document.documentElement.dataset['theme'] = theme;
      });
      // The token is under way while the form is being read.
      signIn.token().catch(() => undefined);
    }
    return inside;
  },
});

store.subscribe(() => {
  const { language: spoken, words } = store.get().speech;
  if (document.documentElement.lang !== spoken) document.documentElement.lang = spoken;
  if (document.title !== words.product) document.title = words.product;
});

const root = document.getElementById('app');
if (root) render(<App store={store} pane={pane} />, root);
void pane.start();
signIn.prepare();
