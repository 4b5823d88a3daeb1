/** The page to which a sign-in window comes back: hands the answer to the pane and closes (MSAL 5). */
import { broadcastResponseToMainFrame } from '@azure/msal-browser/redirect-bridge';

void broadcastResponseToMainFrame().catch(() => {
  // Opened by hand, without an answer in its address: there is nothing to hand over.
});
