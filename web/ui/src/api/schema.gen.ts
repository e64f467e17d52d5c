// Generated from openapi.json by "npm run gen". Do not edit.

export interface paths {
    "/api/v1/agent/commands": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Wait for something to do */
        get: operations["agent-commands"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/agent/commands/{id}/result": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Report what a command did */
        post: operations["agent-result"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/agent/hello": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Introduce an agent to its site */
        post: operations["agent-hello"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/agent/sightings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Report the machines that were seen */
        put: operations["agent-sightings"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was done in your organisation, newest first; for the desk also what the house did by itself */
        get: operations["list-audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/chain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Check your audit trail's hash chain, link by link; for the desk also the house's own */
        get: operations["verify-audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/desk": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What waits for the desk, oldest first */
        get: operations["get-desk"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Live events of your organisation as server-sent events */
        get: operations["stream-events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/exports/fleet.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Your machines with what the pool counted, as CSV, worst first */
        get: operations["export-fleet"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/exports/ledger.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Your ledger entries as CSV, one line a posting, newest first */
        get: operations["export-ledger"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/exports/pool-workers.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Your workers as CSV */
        get: operations["export-pool-workers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/exports/units.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Your machines as CSV */
        get: operations["export-units"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/fleet/alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What is wrong with machines, newest first */
        get: operations["list-fleet-alerts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/fleet/alerts/{id}/acknowledge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Note that somebody knows of it */
        post: operations["acknowledge-fleet-alert"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/fleet/machines": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Machines with what the pool counted, worst first */
        get: operations["list-machines"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/fleet/machines/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One machine with what the pool counted */
        get: operations["get-machine"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/fleet/map": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where each machine of a site stands and how it does */
        get: operations["fleet-map"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/fleet/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A site, or all of them, in figures */
        get: operations["fleet-summary"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/instruments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What is traded */
        get: operations["list-instruments"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/instruments/{id}/book": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The book of an instrument */
        get: operations["get-book"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/instruments/{id}/candles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What traded, in steps of time, oldest first */
        get: operations["get-candles"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/instruments/{id}/halt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stop matching: orders rest as they come */
        post: operations["halt-trading"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/instruments/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Open a halted book with an auction */
        post: operations["resume-trading"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/instruments/{id}/tape": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What traded, newest first */
        get: operations["get-tape"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/invitations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The invitations of your organisation, also accepted and revoked ones */
        get: operations["list-invitations"];
        put?: never;
        /** Invite somebody by mail; the link works once, for 72 hours */
        post: operations["invite"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/invitations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revoke an invitation */
        delete: operations["revoke-invitation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/invitations/{id}/resend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Write an invitation's mail again, with a new link */
        post: operations["resend-invitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/join": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Accept an invitation: choose name and password, then sign in */
        post: operations["join"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/join/look": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What the link of an invitation opens */
        post: operations["look-invitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The API keys of your organisation, also expired and revoked ones */
        get: operations["list-keys"];
        put?: never;
        /** Make an API key; its text is told once */
        post: operations["add-key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revoke an API key, at once and for good */
        delete: operations["revoke-key"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ledger/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Balances of your accounts */
        get: operations["list-accounts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ledger/entries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Ledger entries, newest first */
        get: operations["list-entries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ledger/trial-balance": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every account of the house and its sums */
        get: operations["get-trial-balance"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who you are here, and what you may do */
        get: operations["get-me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/enrolment": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Begin to enrol a second factor, in place of an enrolment under way; it waits five minutes */
        put: operations["begin-factor"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/factors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Your second factors */
        get: operations["list-factors"];
        put?: never;
        /** Finish enrolling; renews the session cookie, and with the first factor tells ten recovery codes once */
        post: operations["add-factor"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/factors/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove a second factor, but not the last one of a role that needs one */
        delete: operations["remove-factor"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Change your password and end your other sessions */
        put: operations["change-password"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/recovery-codes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Replace your recovery codes by ten new ones, told once */
        post: operations["new-recovery-codes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where you are signed in, newest first */
        get: operations["list-sessions"];
        put?: never;
        post?: never;
        /** End all your sessions but this one */
        delete: operations["end-other-sessions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End one of your sessions, at once */
        delete: operations["end-session"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/miners": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Machines as your agents see them */
        get: operations["list-miners"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/miners/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One machine with its last reading, boards and pool slots */
        get: operations["get-miner"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/miners/{id}/place": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Say where a machine stands */
        put: operations["place-miner"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/miners/{id}/redirect": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Point a machine at the pool */
        post: operations["redirect-miner"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Machine models that are traded */
        get: operations["list-models"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Your orders, newest first */
        get: operations["list-orders"];
        put?: never;
        /** Bid for machines, or offer your own */
        post: operations["place-order"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orders/cancel-all": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take all your orders, or those of one instrument, out of the books */
        post: operations["cancel-orders"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orders/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One order */
        get: operations["get-order"];
        put?: never;
        post?: never;
        /** Take an order out of the book */
        delete: operations["cancel-order"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orders/{id}/amend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give an open order another price, or a bid other units */
        post: operations["amend-order"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/password-reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Have a link mailed that sets a new password; the answer is the same for every address */
        post: operations["ask-password-reset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/password-reset/use": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Set a new password by the link of a mail; all sessions end */
        post: operations["use-password-reset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/payout-address": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where your earnings are paid */
        get: operations["get-payout-address"];
        /** Set where your earnings are paid; the signer is told too */
        put: operations["set-payout-address"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/payouts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Your payouts, newest first; all of them for the house */
        get: operations["list-payouts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/payouts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One payout */
        get: operations["get-payout"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The pool's terms and the rate now */
        get: operations["get-pool"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Accounts with their terms */
        get: operations["list-pool-accounts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/accounts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An account with all its terms */
        get: operations["get-pool-account"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/accounts/{id}/terms": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Set an account's fee and fee index from a moment on */
        post: operations["set-pool-terms"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/blocks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Blocks that were found, newest first */
        get: operations["list-pool-blocks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/chart": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Hashrate, hashprice and blocks on one time axis */
        get: operations["get-pool-chart"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/epochs/{id}/fees": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The blocks of a rate's fee index */
        get: operations["get-pool-epoch-fees"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/hashprice": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The hashprice over time */
        get: operations["get-pool-hashprice"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/luck": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Blocks found against expected, by window */
        get: operations["get-pool-luck"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Your part of the pool now; for the house the whole */
        get: operations["get-pool-overview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/prices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Stated prices of the last year, oldest first */
        get: operations["list-bitcoin-prices"];
        put?: never;
        /** State what a bitcoin costs */
        post: operations["set-bitcoin-price"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/refusals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Refused submits of the last day by reason */
        get: operations["get-pool-refusals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/reserve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the house needs to pay per share whatever its luck */
        get: operations["get-pool-reserve"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/rounds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Work from block to block, newest first; the one that runs comes first */
        get: operations["list-pool-rounds"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Live sessions */
        get: operations["list-pool-sessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/statement-key": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The key that signs statements */
        get: operations["get-pool-statement-key"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/statements": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Statements, newest first */
        get: operations["list-pool-statements"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/statements/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A statement with every input, to be recomputed */
        get: operations["get-pool-statement"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/statements/{id}/statement.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A statement as CSV */
        get: operations["pool-statement-csv"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/statements/{id}/statement.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A signed statement with every input, for `hashyard statement verify` */
        get: operations["get-pool-statement-file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/statements/{id}/workers/{worker}/proof": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The proof that a worker's minutes are in a statement */
        get: operations["get-pool-statement-proof"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The pool as anybody sees it */
        get: operations["get-pool-status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/units/{id}/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What connected as a machine, by its own word, newest first */
        get: operations["list-pool-unit-devices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/units/{id}/earnings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a machine earned, by statement, newest first */
        get: operations["get-pool-unit-earnings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/units/{id}/series": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Measured hashrate of a machine over time */
        get: operations["get-pool-unit-series"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/units/{id}/work": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Booked work of a machine by rate epoch, newest first */
        get: operations["get-pool-unit-work"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/watch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a watch link shows */
        get: operations["watch-pool"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/watch-links": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Your links, newest first, also ended ones */
        get: operations["list-watch-links"];
        put?: never;
        /** Make a link to watch your account; its token is told once */
        post: operations["add-watch-link"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/watch-links/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revoke a watch link, at once and for good */
        delete: operations["revoke-watch-link"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/watch/statements": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The statements of a watch link that shows them */
        get: operations["watch-pool-earnings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/watch/workers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The workers of a watch link that shows them */
        get: operations["watch-pool-workers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/worker-counts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many workers are in each state */
        get: operations["count-pool-workers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/workers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Workers with their state and hashrates, sorted and filtered here */
        get: operations["list-pool-workers"];
        put?: never;
        /** Make a plain worker */
        post: operations["add-pool-worker"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/workers/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One worker */
        get: operations["get-pool-worker"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/workers/{id}/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What connected as a worker, by its own word, newest first */
        get: operations["list-pool-worker-devices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/workers/{id}/forensics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Why a worker's submits of the last day were refused, and what its machine reports against what arrived */
        get: operations["get-pool-worker-forensics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/workers/{id}/rotate-secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give a machine's worker a new secret; it is told once */
        post: operations["rotate-pool-secret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/workers/{id}/series": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Measured hashrate of a worker over time */
        get: operations["get-pool-worker-series"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pool/workers/{id}/work": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Booked work of a worker by rate epoch, newest first */
        get: operations["get-pool-worker-work"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/redirect-plans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Plans, newest first */
        get: operations["list-plans"];
        put?: never;
        /** Redirect or restore many machines in waves */
        post: operations["start-plan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/redirect-plans/dry-run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What a plan would write to which machine, and which it leaves out; changes nothing */
        post: operations["dry-run-plan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/redirect-plans/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One plan, machine by machine */
        get: operations["get-plan"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/redirect-plans/{id}/halt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stop a plan now */
        post: operations["halt-plan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/redirect-plans/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let a halted plan go on */
        post: operations["resume-plan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/redirect-plans/{id}/roll-back": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Write the old pools back to what the plan wrote to */
        post: operations["roll-back-plan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/redirects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Redirects, newest first */
        get: operations["list-redirects"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/redirects/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One redirect, step by step */
        get: operations["get-redirect"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sanctions/lists": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The sanctions lists that were imported, newest first */
        get: operations["list-sanctions-lists"];
        put?: never;
        /** Import a list in OFAC's SDN format (sdn.csv) and hold every organisation against it */
        post: operations["import-sanctions-list"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Find a machine, trade, order, shipment, payout or block by what people call it */
        get: operations["search"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign in with e-mail and password; sets the session cookie */
        post: operations["sign-in"];
        /** End this session */
        delete: operations["sign-out"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session/challenge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Ask for one of your passkeys: what navigator.credentials.get wants, for five minutes */
        put: operations["challenge-passkey"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session/factor": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Show a second factor in this session: a code, or a passkey's answer to the challenge; renews the session cookie */
        put: operations["show-factor"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session/passkey": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Begin to sign in with a passkey alone: what navigator.credentials.get wants, for five minutes; sets a cookie that the answer needs */
        put: operations["begin-passkey-sign-in"];
        /** Sign in with a passkey's answer; sets the session cookie */
        post: operations["passkey-sign-in"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/shipments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shipments you send or get, newest first */
        get: operations["list-shipments"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/shipments/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One shipment with its expected machines */
        get: operations["get-shipment"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/shipments/{id}/arrive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Record that a shipment is at the door */
        post: operations["arrive-shipment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/shipments/{id}/bench": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A shipment as the bench shows it: boxes, shelves, scans, legs */
        get: operations["get-bench"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/shipments/{id}/dispatch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Hand a packed shipment to the carrier */
        post: operations["dispatch-shipment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/shipments/{id}/exception": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stop a shipment on its way for a reason */
        post: operations["except-shipment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/shipments/{id}/labels.pdf": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GS1-128 labels with the pallets' SSCC, as PDF */
        get: operations["pallet-labels-pdf"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/shipments/{id}/legs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Say how a shipment goes, planned and actual */
        put: operations["plan-legs"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/shipments/{id}/packing-list.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The packing list as CSV */
        get: operations["packing-list-csv"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/shipments/{id}/packing-list.pdf": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The packing list as PDF */
        get: operations["packing-list-pdf"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/shipments/{id}/scans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Scan a serial while packing, receiving or taking back */
        post: operations["scan-shipment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/shipments/{id}/stray": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a wrong serial is, as far as you may know */
        get: operations["get-stray"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/shipments/{id}/undo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take a packed machine out of its box again */
        post: operations["undo-scan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sites": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Your sites and their agents */
        get: operations["list-sites"];
        put?: never;
        /** Make a site */
        post: operations["add-site"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/trades": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Your trades, newest first */
        get: operations["list-trades"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/trades/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One trade with its steps, money and proof */
        get: operations["get-trade"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/trades/{id}/decision": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The desk's decision about a disputed or refuted trade */
        post: operations["decide-trade"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/trades/{id}/dispute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stop a trade until the desk decides */
        post: operations["dispute-trade"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/trades/{id}/fund": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ask how to pay for a trade by bank transfer */
        post: operations["fund-trade"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/trades/{id}/manifest.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The machines of a trade by serial, with what each was proven to do, as CSV */
        get: operations["trade-manifest-csv"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/treasury": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Coins, books and what is under way */
        get: operations["get-treasury"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/treasury/freeze": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stop all payouts, or open them again, for a reason */
        post: operations["freeze-payouts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/treasury/reconcile": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Compare the books now; a difference on a paying account freezes payouts */
        post: operations["reconcile"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/treasury/reconciliations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The books compared with what is outside them, newest first */
        get: operations["list-reconciliations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/turns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How much waits for you, by job */
        get: operations["get-turns"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/units": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Machines you own or have, or search by serial or MAC */
        get: operations["list-units"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/units/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take a list of machines in, each once */
        post: operations["import-units"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/units/import/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Read a CSV or XLSX list of machines and say what taking it in would do; nothing is changed */
        post: operations["check-import"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/units/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One machine */
        get: operations["get-unit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/units/{id}/custody": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who had the machine, oldest first */
        get: operations["list-unit-custody"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/units/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The life line of a machine, oldest first */
        get: operations["list-unit-events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/units/{id}/money": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was paid for a machine and where it is */
        get: operations["get-unit-money"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/units/{id}/readings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a machine reported over time */
        get: operations["list-unit-readings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/units/{id}/shelf": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Say where you keep a machine */
        put: operations["shelve-unit"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The people of your organisation */
        get: operations["list-users"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Change a person's name, roles or access */
        put: operations["change-user"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}/factors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove all second factors of a member who lost them, and end their sessions */
        delete: operations["reset-factors"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End all sessions of a member of your organisation */
        delete: operations["end-sessions-of"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/verification": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How your organisation stands: whether it may trade, and what to do */
        get: operations["get-verification"];
        put?: never;
        /** Say who your organisation is, again if that changed */
        post: operations["submit-verification"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/verifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All organisations with how they stand */
        get: operations["list-verifications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/verifications/{org}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One organisation, with the listed names that look like its own */
        get: operations["get-verification-of"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/verifications/{org}/decision": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Verify, refuse, suspend or lift a suspension */
        post: operations["decide-verification"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The webhooks of your organisation, also removed ones */
        get: operations["list-webhooks"];
        put?: never;
        /**
         * Have events sent to an https address; the secret that signs them is told once
         * @description Each event is a POST with Hashyard-Event, Hashyard-Delivery and Hashyard-Signature: t=<unix seconds>,v1=<HMAC-SHA256 in hex over "<t>.<body>" with the secret>. Answer 2xx within 5 s. What is not taken is tried again for three days; a delivery may come twice.
         */
        post: operations["add-webhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/stripe": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Webhooks of the payment rail, signed */
        post: operations["stripe-webhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove a webhook and what is queued for it */
        delete: operations["remove-webhook"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was sent to a webhook in the last 30 days, newest first */
        get: operations["list-deliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{id}/deliveries/{delivery}/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send a delivery again */
        post: operations["redeliver"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/world": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Sign-ins and addresses of the local world; absent anywhere else */
        get: operations["get-world"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/world/mails": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The last mails of the local world, which no server sends; absent anywhere else */
        get: operations["list-world-mails"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Acceptance: {
            name: string;
            /**
             * Format: password
             * @description At least 12 characters.
             */
            password: string;
            /** @description What stands behind the # of the mailed link. */
            token: string;
        };
        Account: {
            /**
             * Format: int64
             * @description Cents or sats; debit positive, so what the house owes is negative.
             */
            balance: number;
            /** @enum {string} */
            currency: "USD" | "BTC";
            org: components["schemas"]["BrokerageParty"];
            purpose: string;
        };
        Acknowledgement: {
            /** Format: date-time */
            at: string;
            code?: string;
            message?: string;
        };
        AddFactorInBody: {
            /** @description The app's first code. */
            code?: string;
            /** @enum {string} */
            kind: "totp" | "passkey";
            /** @description What you call it: the phone, the blue key. */
            name: string;
            /** @description PublicKeyCredential.toJSON() */
            passkey?: {
                [key: string]: unknown;
            };
        };
        AddHookIn: {
            /** @description It is told what these roles may read. */
            roles: string[];
            /** @description https only; its name has to lead to a public address. */
            url: string;
        };
        AddKeyIn: {
            /** @description It may do what asks a person for a factor: payouts, addresses, keys, people. */
            elevated?: boolean;
            /**
             * Format: int64
             * @default 365
             */
            expires_in_days?: number;
            name: string;
            roles: string[];
        };
        AddSiteInputBody: {
            /** @description The only addresses that its agent may touch, like 10.0.0.0/24. */
            cidr: string;
            name: string;
        };
        Alert: {
            /** Format: date-time */
            acknowledged_at?: string;
            address: string;
            cause: string;
            /** Format: date-time */
            cleared_at?: string;
            id: string;
            /** @enum {string} */
            kind: "offline" | "elsewhere" | "dead_board" | "hot" | "gap" | "slow";
            /**
             * Format: int64
             * @description Estimate, at today's hashprice.
             */
            lost_sat: number;
            miner_id: string;
            /** Format: double */
            missing_ths: number;
            /** Format: date-time */
            raised_at: string;
            serial: string;
            /** @enum {string} */
            state: "open" | "acknowledged" | "cleared";
            unit_id?: string;
        };
        Amendment: {
            /**
             * Format: int64
             * @description Absent: the price stays. A new price loses the order's time.
             */
            price_mc?: number;
            /**
             * Format: int64
             * @description Of a bid: machines wanted from now on, beside those bought. Fewer keep the order's time, more lose it. Absent: they stay.
             */
            units?: number;
        };
        AuditRow: {
            /** @description Who: user or key, organisation and roles. */
            actor: unknown;
            after?: unknown;
            /** Format: date-time */
            at: string;
            before?: unknown;
            command: string;
            /** @description SHA-256 over this row and the hash before it, in hex. */
            hash?: string;
            id: string;
            ref: components["schemas"]["Ref"];
            /**
             * Format: int64
             * @description Its place in the organisation's hash chain.
             */
            seq?: number;
        };
        Bench: {
            /** Format: date-time */
            arrived_at?: string;
            /** Format: int64 */
            box_size: number;
            /** Format: int64 */
            boxes_per_pallet: number;
            buyer: components["schemas"]["Party"];
            carrier?: string;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            dispatched_at?: string;
            /** Format: int64 */
            expected: number;
            id: string;
            legs: components["schemas"]["Leg"][];
            lines: components["schemas"]["Line"][];
            /** @description What people call it, like S-0931. */
            number: string;
            /** Format: int64 */
            packed: number;
            /** Format: date-time */
            packed_at?: string;
            /** @description Of the exception or the cancellation. */
            reason?: string;
            /** Format: int64 */
            received: number;
            /** Format: date-time */
            received_at?: string;
            /**
             * Format: int64
             * @description Machines of a refunded trade that the seller scanned back in.
             */
            returned: number;
            /** Format: date-time */
            returned_at?: string;
            /** @description The newest first. */
            scans: components["schemas"]["BenchScan"][];
            seller: components["schemas"]["Party"];
            /** @description Where you keep machines of it. */
            shelves: components["schemas"]["Shelf"][];
            /** @description The numbers of its pallets. */
            sscc: string[];
            /** @enum {string} */
            state: "packing" | "packed" | "dispatched" | "arrived" | "received" | "exception" | "cancelled" | "returning" | "returned";
            /** @description The dispute because of which the seller may neither pack nor dispatch. */
            stopped?: string;
            tracking?: string;
            trade_id: string;
        };
        BenchScan: {
            /** Format: date-time */
            at: string;
            /**
             * Format: date-time
             * @description By the scanner's own clock, for scans that waited.
             */
            device_at?: string;
            id: string;
            kind: string;
            /** @enum {string} */
            outcome: "counted" | "repeated" | "wrong" | "undone";
            serial: string;
        };
        BitcoinPrice: {
            /** Format: date-time */
            at: string;
            /** Format: int64 */
            cents_per_btc: number;
            id: string;
            /** Format: date-time */
            set_at: string;
            source: string;
        };
        Block: {
            /** Format: int64 */
            confirmations: number;
            /** Format: date-time */
            found_at: string;
            hash: string;
            /** Format: int64 */
            height: number;
            prev_hash: string;
            /** @enum {string} */
            state: "found" | "rejected" | "accepted" | "orphaned" | "confirmed";
            unit_id?: string;
            /**
             * Format: int64
             * @description Subsidy and fees.
             */
            value_sats: number;
            /** @description The node's word when it did not take the block. */
            verdict?: string;
            /** @description The finder, for its own organisation. */
            worker_id?: string;
        };
        BlockMark: {
            /** Format: date-time */
            at: string;
            /** Format: int64 */
            height: number;
            /** @enum {string} */
            state: "found" | "accepted" | "orphaned" | "confirmed";
        };
        Board: {
            serial?: string;
            /** Format: int64 */
            slot: number;
        };
        BoardReading: {
            chip_map?: string;
            /** Format: int64 */
            chips?: number;
            /** Format: double */
            frequency_mhz?: number;
            /** Format: int64 */
            hardware_errors?: number;
            /** Format: double */
            hashrate_hs?: number;
            /** Format: double */
            hashrate_ideal_hs?: number;
            serial?: string;
            /** Format: int64 */
            slot: number;
            temps_board_c?: number[] | null;
            temps_chip_c?: number[] | null;
        };
        Book: {
            /** @description Best first. */
            asks: components["schemas"]["Level"][];
            /** Format: date-time */
            at?: string;
            /** @description Best first. */
            bids: components["schemas"]["Level"][];
            /** @description Orders rest as they come; the desk opens the book again with an auction. */
            halted?: boolean;
            instrument: string;
            /**
             * Format: int64
             * @description Price of the last trade; absent before the first.
             */
            last_mc?: number;
            /** Format: int64 */
            seq: number;
        };
        BookedWork: {
            /** Format: double */
            difficulty: number;
            epoch: string;
            /**
             * Format: int64
             * @description Blocks in the sum; fewer than fee_window on a young chain. 0 means no fees.
             */
            fee_count: number;
            /**
             * Format: date-time
             * @description When the fee index was read; within the period it is read anew.
             */
            fee_from: string;
            fee_method: string;
            /**
             * Format: int64
             * @description The pool's fee.
             */
            fee_ppm: number;
            /** Format: int64 */
            fee_sum_sats: number;
            /** @description The last block of the sum, as explorers show it. */
            fee_tip_hash: string;
            /** Format: int64 */
            fee_window: number;
            /**
             * Format: int64
             * @description Of the block that the first job builds.
             */
            height: number;
            /** Format: date-time */
            last_share_at?: string;
            /** @description Compact target of the jobs' headers, eight hex digits. */
            nbits: string;
            /** @description The same expanded, 64 hex digits. */
            net_target: string;
            /** Format: date-time */
            period_end: string;
            /** Format: date-time */
            period_start: string;
            /** Format: int64 */
            rejected: number;
            /** @description Refused submits by Stratum code. */
            rejects: {
                [key: string]: number;
            };
            /** @description The period is on a statement. */
            settled: boolean;
            /** Format: int64 */
            shares: number;
            /** Format: int64 */
            subsidy_sats: number;
            /**
             * Format: int64
             * @description Of a day's index: fees are paid as subsidy_sats × fee_sum_sats ÷ subsidy_sum_sats.
             */
            subsidy_sum_sats?: number;
            unit_id?: string;
            user: string;
            /** @description Exact sum of assigned difficulties in units of 2^-32, a decimal integer. */
            work: string;
            worker_id: string;
        };
        BrokerageDecision: {
            /**
             * @description Pay the seller, or send the money back to the buyer.
             * @enum {string}
             */
            outcome: "release" | "refund";
            reason: string;
        };
        BrokerageParty: {
            id: string;
            name: string;
        };
        BrokerageReceived: {
            received: boolean;
        };
        CancelAllInputBody: {
            /** @description Absent: of every instrument. */
            instrument?: string;
        };
        CancelledOrders: {
            orders: components["schemas"]["Order"][];
        };
        Candle: {
            /**
             * Format: date-time
             * @description Start of the step.
             */
            at: string;
            /** Format: int64 */
            close_mc: number;
            /** Format: int64 */
            high_mc: number;
            /** Format: int64 */
            low_mc: number;
            /** Format: int64 */
            open_mc: number;
            /** Format: int64 */
            units: number;
        };
        ChangeUserInBody: {
            disabled: boolean;
            name: string;
            roles: string[];
            /**
             * Format: int64
             * @description The version this change was made from.
             */
            version: number;
        };
        Clock: {
            /** Format: date-time */
            due?: string;
            /** Format: date-time */
            ended?: string;
            /** Format: date-time */
            from?: string;
            name: string;
            rule: string;
            /** @enum {string} */
            state: "waiting" | "running" | "met" | "missed" | "off";
        };
        Codes: {
            /** @description Told once. Each works once, in place of a factor. */
            recovery_codes?: string[] | null;
        };
        Coin: {
            /** Format: int64 */
            height: number;
            /** @enum {string} */
            kind: "reward" | "deposit" | "change";
            /**
             * Format: int64
             * @description Scanned height from which it may be spent.
             */
            mature_height: number;
            /** @description That holds it. */
            payout?: string;
            /** Format: int64 */
            sats: number;
            txid: string;
            /** Format: int32 */
            vout: number;
        };
        Command: {
            /** Format: int64 */
            epoch: number;
            id: string;
            /** @enum {string} */
            kind: "redirect";
            /** Format: date-time */
            leased_until: string;
            redirect?: components["schemas"]["RedirectOrder"];
        };
        ConfiguredPool: {
            password: string;
            password_known: boolean;
            /** Format: int64 */
            slot: number;
            url: string;
            user: string;
        };
        Custody: {
            /** Format: date-time */
            at: string;
            by?: string;
            /** @description Absent in the first row. */
            from?: components["schemas"]["Holder"];
            reason: string;
            /** Format: int64 */
            seq: number;
            shipment_id?: string;
            to: components["schemas"]["Holder"];
        };
        Decision: {
            /** @enum {string} */
            event: "verify" | "refuse" | "suspend" | "reopen" | "reinstate";
            /** @description The organisation reads it after a refusal or suspension; needed for all but verify. */
            reason: string;
            /**
             * Format: int64
             * @description Of the record that was looked at.
             */
            version: number;
        };
        Delivery: {
            /** Format: int64 */
            attempts: number;
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description Of the next try, while it is queued.
             */
            due_at: string;
            /** Format: date-time */
            ended_at?: string;
            /** @description Why the last try failed. */
            error?: string;
            event_id: string;
            hook_id: string;
            id: string;
            kind: string;
            /** @enum {string} */
            state: "queued" | "delivered" | "dead";
            /**
             * Format: int64
             * @description HTTP status of the last answer.
             */
            status?: number;
            /** Format: int64 */
            took_ms?: number;
            /** Format: date-time */
            tried_at?: string;
        };
        Desk: {
            payouts: components["schemas"]["DeskPayout"][];
            trades: components["schemas"]["DeskTrade"][];
            verifications: components["schemas"]["DeskSubject"][];
        };
        DeskPayout: {
            /** Format: int64 */
            amount_sats: number;
            id: string;
            org: string;
            /** Format: date-time */
            since: string;
            state: string;
            why: string;
        };
        DeskSubject: {
            name: string;
            /**
             * Format: int64
             * @description Listed names that nobody has cleared.
             */
            open_hits: number;
            org: string;
            /** Format: date-time */
            since: string;
            state: string;
        };
        DeskTrade: {
            /** Format: int64 */
            held_cents: number;
            id: string;
            /**
             * @description A decision is due, a clock ran out, or money does not leave.
             * @enum {string}
             */
            kind: "decision" | "late" | "payout";
            number: string;
            parties: string;
            /** Format: date-time */
            since: string;
            state: string;
            why: string;
        };
        Details: {
            /** @description ISO 3166-1, two letters. */
            country: string;
            legal_name: string;
            /** @description People who own or control 25 % or more. */
            owners: components["schemas"]["Owner"][];
            /** @description Number in the company register. */
            registration: string;
        };
        Device: {
            /** @description What it calls its software. */
            agent?: string;
            /** Format: date-time */
            first_at: string;
            /** @description Its hardware's own number, where the firmware tells one. */
            hw_id?: string;
            hw_version?: string;
            /**
             * Format: date-time
             * @description When it last connected.
             */
            last_at: string;
            sw_version?: string;
            /** @description How it was told to connect, the last time. */
            url?: string;
            /** @description The Stratum username it connected with. */
            user: string;
            worker_id: string;
        };
        Diagnosis: {
            advice: string;
            /** @description none, tip-moved, unknown-job, period-over, repeated, too-easy, version-bits, block-time, malformed or sated. */
            cause: string;
            /** @description Work on an older tip by how late it was. */
            classes: components["schemas"]["RefusedClass"][];
            /**
             * Format: int64
             * @description Of Stratum.
             */
            code: number;
            /** Format: int64 */
            count: number;
            /** @description Somebody should do something. */
            grave: boolean;
            /** @description The likely cause in words. */
            likely: string;
            /**
             * Format: double
             * @description Of all submits, 0 to 1.
             */
            of_all: number;
        };
        DispatchInputBody: {
            carrier: string;
            tracking: string;
        };
        Dispute: {
            reason: string;
        };
        Dossier: {
            /** @description What the desk may decide now. */
            can: string[];
            /** @description Listed names that look like its own, also cleared ones. */
            hits: components["schemas"]["Hit"][];
            house: boolean;
            /** @description How the organisation is called here. */
            name: string;
            /**
             * Format: int64
             * @description Listed names that nobody has cleared.
             */
            open_hits: number;
            record: components["schemas"]["Record"];
        };
        DryRun: {
            /** Format: int64 */
            included: number;
            items: components["schemas"]["PlanIntent"][];
            /** Format: int64 */
            left_out: number;
            /** @description Machines of each wave. */
            waves: number[];
        };
        Ended: {
            /**
             * Format: int64
             * @description How many sessions there were.
             */
            ended: number;
        };
        Enrolment: {
            /** @description The same as a QR code, a data: address of a PNG. */
            picture?: string;
            /** @description For PublicKeyCredential.parseCreationOptionsFromJSON. */
            publicKey?: unknown;
            /** @description For an authenticator app, to type. */
            secret?: string;
            /** @description The same as an otpauth:// address. */
            url?: string;
        };
        EnrolmentIn: {
            /** @enum {string} */
            kind: "totp" | "passkey";
            /**
             * Format: password
             * @description For a first factor, when the sign-in was long ago.
             */
            password?: string;
        };
        Entry: {
            /** Format: date-time */
            at: string;
            key: string;
            memo: string;
            /** @description Debit positive. All of them for the house, your own for you. */
            postings: components["schemas"]["Posting"][];
            ref: components["schemas"]["Ref"];
        };
        Epoch: {
            /** Format: double */
            difficulty: number;
            epoch: string;
            /**
             * Format: int64
             * @description Blocks in the sum; fewer than fee_window on a young chain. 0 means no fees.
             */
            fee_count: number;
            /**
             * Format: date-time
             * @description When the fee index was read; within the period it is read anew.
             */
            fee_from: string;
            fee_method: string;
            /**
             * Format: int64
             * @description The pool's fee.
             */
            fee_ppm: number;
            /** Format: int64 */
            fee_sum_sats: number;
            /** @description The last block of the sum, as explorers show it. */
            fee_tip_hash: string;
            /** Format: int64 */
            fee_window: number;
            /**
             * Format: int64
             * @description Of the block that the first job builds.
             */
            height: number;
            /** @description Compact target of the jobs' headers, eight hex digits. */
            nbits: string;
            /** @description The same expanded, 64 hex digits. */
            net_target: string;
            /** Format: date-time */
            period_end: string;
            /** Format: date-time */
            period_start: string;
            /** Format: int64 */
            subsidy_sats: number;
            /**
             * Format: int64
             * @description Of a day's index: fees are paid as subsidy_sats × fee_sum_sats ÷ subsidy_sum_sats.
             */
            subsidy_sum_sats?: number;
        };
        EpochFees: {
            /** @description The newest first; their fees sum to fee_sum_sats. */
            blocks: components["schemas"]["FeeBlock"][];
            /** Format: double */
            difficulty: number;
            epoch: string;
            /**
             * Format: int64
             * @description Blocks in the sum; fewer than fee_window on a young chain. 0 means no fees.
             */
            fee_count: number;
            /**
             * Format: date-time
             * @description When the fee index was read; within the period it is read anew.
             */
            fee_from: string;
            fee_method: string;
            /**
             * Format: int64
             * @description The pool's fee.
             */
            fee_ppm: number;
            /** Format: int64 */
            fee_sum_sats: number;
            /** @description The last block of the sum, as explorers show it. */
            fee_tip_hash: string;
            /** Format: int64 */
            fee_window: number;
            /**
             * Format: int64
             * @description Of the block that the first job builds.
             */
            height: number;
            /** @description Compact target of the jobs' headers, eight hex digits. */
            nbits: string;
            /** @description The same expanded, 64 hex digits. */
            net_target: string;
            /** Format: date-time */
            period_end: string;
            /** Format: date-time */
            period_start: string;
            /** Format: int64 */
            subsidy_sats: number;
            /**
             * Format: int64
             * @description Of a day's index: fees are paid as subsidy_sats × fee_sum_sats ÷ subsidy_sum_sats.
             */
            subsidy_sum_sats?: number;
        };
        ErrorDetail: {
            /** @description Where the error occurred, e.g. 'body.items[3].tags' or 'path.thing-id' */
            location?: string;
            /** @description Error message text */
            message?: string;
            /** @description The value at the given location */
            value?: unknown;
        };
        ErrorModel: {
            /** @description What is wrong here, for programs; only where one can do something about it. */
            code?: string;
            /**
             * @description A human-readable explanation specific to this occurrence of the problem.
             * @example Property foo is required but is missing.
             */
            detail?: string;
            /** @description Optional list of individual error details */
            errors?: components["schemas"]["ErrorDetail"][] | null;
            /**
             * Format: uri
             * @description A URI reference that identifies the specific occurrence of the problem.
             * @example https://example.com/error-log/abc123
             */
            instance?: string;
            /** @description Quote it when you ask about this request. */
            request_id?: string;
            /**
             * Format: int64
             * @description HTTP status code
             * @example 400
             */
            status?: number;
            /**
             * @description A short, human-readable summary of the problem type. This value should not change between occurrences of the error.
             * @example Bad Request
             */
            title?: string;
            /**
             * Format: uri
             * @description A URI reference to human-readable documentation for the error.
             * @default about:blank
             * @example https://example.com/errors/example
             */
            type?: string;
        };
        EventRef: {
            id?: string;
            kind: string;
        };
        ExceptInputBody: {
            /** @description Held by customs, short, damaged … */
            reason: string;
        };
        Factor: {
            /** Format: date-time */
            created_at: string;
            id: string;
            /** @enum {string} */
            kind: "totp" | "passkey";
            name: string;
            /** Format: date-time */
            used_at?: string;
        };
        Factors: {
            items: components["schemas"]["Factor"][];
            /**
             * Format: int64
             * @description How many unused ones are left.
             */
            recovery_codes: number;
            /** @description Your role needs a factor: the last one stays. */
            required: boolean;
        };
        FeeBlock: {
            /** Format: int64 */
            fees_sats: number;
            hash: string;
            /** Format: int64 */
            height: number;
        };
        Fill: {
            /** Format: date-time */
            at: string;
            /** Format: int64 */
            price_mc: number;
            /** @enum {string} */
            taker: "bid" | "ask";
            trade: string;
            /** Format: int64 */
            units: number;
        };
        Finding: {
            /** @description The audit row. */
            row_id?: string;
            /** Format: int64 */
            seq?: number;
            what: string;
        };
        FleetBoard: {
            chip_map?: string;
            /** Format: int64 */
            chips?: number;
            /** Format: int64 */
            hardware_errors?: number;
            serial?: string;
            /**
             * Format: int64
             * @description 0 is the first.
             */
            slot: number;
            temps_board_c?: number[] | null;
            temps_chip_c?: number[] | null;
            /** Format: double */
            ths?: number;
        };
        FleetPool: {
            /** Format: int64 */
            accepted?: number;
            /** Format: double */
            difficulty_accepted?: number;
            /** Format: int64 */
            rejected?: number;
            /**
             * Format: int64
             * @description 1 is the first.
             */
            slot: number;
            status?: string;
            stratum_active: boolean;
            url: string;
            user: string;
        };
        FleetReading: {
            /** Format: date-time */
            at: string;
            /** Format: double */
            average_ths?: number;
            fans_rpm?: number[] | null;
            /** Format: int64 */
            hardware_errors?: number;
            /** Format: double */
            ideal_ths?: number;
            /** Format: double */
            max_temp_c?: number;
            /** @description Pools of the running process. */
            pools?: components["schemas"]["FleetPool"][] | null;
            /** Format: double */
            power_w?: number;
            /** Format: double */
            reported_ths?: number;
            /** @description Parts that could not be read, and why. */
            unread?: string[] | null;
            /** Format: double */
            uptime_s?: number;
        };
        FleetSummary: {
            /** Format: int64 */
            alerts: number;
            /** Format: date-time */
            at: string;
            by_health: {
                [key: string]: number;
            };
            /**
             * Format: int64
             * @description Machines the pool saw shares of.
             */
            counted_of: number;
            /**
             * Format: double
             * @description Of machines that tell their power.
             */
            j_per_th?: number;
            /**
             * Format: int64
             * @description Estimate, of live alerts since they were raised.
             */
            lost_sat: number;
            /** Format: int64 */
            machines: number;
            models: string[];
            /** Format: double */
            nominal_ths: number;
            /** Format: int64 */
            online: number;
            /**
             * Format: int64
             * @description Machines that tell their power.
             */
            power_of: number;
            /** Format: double */
            power_w: number;
            racks: string[];
            /**
             * Format: double
             * @description Likewise.
             */
            reported_of_nominal: number;
            /**
             * Format: double
             * @description Of those online.
             */
            reported_ths: number;
            /**
             * Format: int64
             * @description Estimate: what the verified hashrate earns a day before the fee.
             */
            sat_per_day: number;
            /** Format: double */
            sat_per_th_day: number;
            /**
             * Format: double
             * @description Of machines that tell a nominal rate.
             */
            verified_of_nominal: number;
            /**
             * Format: double
             * @description What the pool counted in the last hour.
             */
            verified_ths: number;
        };
        Forensics: {
            /** Format: int64 */
            accepted: number;
            /** @description Absent without a machine, a fresh reading of it or a measured hour. */
            gap?: components["schemas"]["Gap"];
            /** @description The most frequent cause first. */
            items: components["schemas"]["Diagnosis"][];
            /**
             * Format: date-time
             * @description A whole hour, a day ago.
             */
            since: string;
        };
        FreezeInputBody: {
            frozen: boolean;
            reason: string;
        };
        Gap: {
            /** @description What it reports is outside the interval of what arrived. */
            beyond_chance: boolean;
            /** @description Of the last hour. */
            delivered: components["schemas"]["Rates"];
            /**
             * Format: double
             * @description (reported - delivered) ÷ reported: 0.1 is a tenth that did not arrive.
             */
            missing: number;
            /** Format: date-time */
            reported_at: string;
            /** Format: double */
            reported_ths: number;
        };
        Gone: {
            address: string;
            /** Format: date-time */
            at: string;
            serial?: string;
        };
        Hashprice: {
            /** Format: date-time */
            at: string;
            /** @description The price that the dollars are from, with its date and source. */
            bitcoin_price?: components["schemas"]["BitcoinPrice"];
            /**
             * Format: double
             * @description Of the network.
             */
            difficulty: number;
            /**
             * Format: double
             * @description Change of the difficulty, 0.01 is one percent up.
             */
            retarget?: number;
            /** Format: double */
            sats_per_ph_day: number;
            /**
             * Format: double
             * @description A displayed TH/s for a day.
             */
            sats_per_th_day: number;
            /** Format: double */
            usd_per_ph_day?: number;
            /**
             * Format: double
             * @description Absent before a price of bitcoin was stated.
             */
            usd_per_th_day?: number;
        };
        Head: {
            /**
             * Format: date-time
             * @description When it was looked at.
             */
            at: string;
            /** @description The organisation; empty for the house's acts that concern nobody in particular. */
            chain: string;
            hash: string;
            /** Format: int64 */
            seq: number;
        };
        Hello: {
            /** @description Name or id of the site. */
            site: string;
            version: string;
        };
        Hit: {
            /** Format: date-time */
            cleared_at?: string;
            cleared_by?: string;
            /** Format: int64 */
            ent_num: number;
            /** Format: date-time */
            found_at: string;
            id: string;
            list_id: string;
            /** @description The name on the list. */
            listed: string;
            org_id: string;
            reason?: string;
            /** @enum {string} */
            rule: "exact" | "close";
            /** Format: int64 */
            score_ppm: number;
            /** @description The organisation's or owner's name. */
            subject: string;
        };
        Holder: {
            carrier?: string;
            org?: components["schemas"]["Party"];
        };
        Hook: {
            /** Format: date-time */
            created_at: string;
            created_by?: string;
            /**
             * Format: int64
             * @description Of its secret.
             */
            generation: number;
            id: string;
            org_id: string;
            /** Format: date-time */
            removed_at?: string;
            /** @description It is told what these roles may read. */
            roles: string[];
            url: string;
        };
        Horizon: {
            /** Format: int64 */
            days: number;
            /**
             * Format: double
             * @description That it brings less than it pays.
             */
            loss_chance: number;
            /** Format: int64 */
            needed_sats: number;
            /**
             * Format: double
             * @description Chance that the reserve is used up within it.
             */
            ruin: number;
        };
        Identity: {
            boards?: components["schemas"]["Board"][] | null;
            family: string;
            firmware?: string;
            hostname?: string;
            mac?: string;
            model?: string;
            serial?: string;
        };
        Import: {
            /** Format: int64 */
            known: number;
            /** Format: int64 */
            new: number;
            rows: components["schemas"]["ImportRow"][];
            /** Format: int64 */
            wrong: number;
        };
        ImportEntry: {
            mac?: string;
            model?: string;
            serial: string;
            shelf?: string;
        };
        ImportInputBody: {
            rows: components["schemas"]["ImportEntry"][];
        };
        ImportRow: {
            /** @description It is yours already. */
            known?: boolean;
            /**
             * Format: int64
             * @description Of the list, from 1, without its header.
             */
            line: number;
            mac?: string;
            model?: string;
            /** @description Why it is left out. */
            problem?: string;
            serial: string;
            shelf?: string;
            unit_id?: string;
        };
        Instructions: {
            account_number?: string;
            /** @description Bank that holds the account */
            bank_name?: string;
            iban?: string;
            /** @description To be written on the transfer */
            reference?: string;
            routing_number?: string;
        };
        Instrument: {
            /**
             * Format: int64
             * @description Parts per million of the amount, from the seller.
             */
            commission_ppm: number;
            currency: string;
            /**
             * Format: int64
             * @description Share of the sold hashrate that must be proven.
             */
            floor_ppm: number;
            id: string;
            incoterm: string;
            model: string;
            name: string;
            /**
             * Format: int64
             * @description What one machine is sold as.
             */
            nominal_ghs: number;
            region: string;
            /**
             * Format: int64
             * @description Prices are its multiples.
             */
            tick_mc: number;
        };
        Invitation: {
            /** Format: date-time */
            accepted_at?: string;
            /** Format: date-time */
            created_at: string;
            email: string;
            /** Format: date-time */
            expires_at: string;
            id: string;
            invited_by?: string;
            org_id: string;
            /** Format: date-time */
            revoked_at?: string;
            roles: string[];
            /** Format: int64 */
            sends: number;
            /**
             * Format: date-time
             * @description When its last mail was written.
             */
            sent_at: string;
            /** @enum {string} */
            state: "open" | "expired" | "accepted" | "revoked";
        };
        InviteIn: {
            email: string;
            roles: string[];
        };
        Joined: {
            email: string;
        };
        Key: {
            /** Format: date-time */
            created_at: string;
            /** @description The person; of a key made with a key, the person who made that one. */
            created_by?: string;
            /** @description It may do what asks a person for a factor: payouts, addresses, keys, people. */
            elevated: boolean;
            /** Format: date-time */
            expires_at?: string;
            id: string;
            name: string;
            org_id: string;
            /** Format: date-time */
            revoked_at?: string;
            roles: string[];
            /**
             * Format: date-time
             * @description Last use, to the minute.
             */
            used_at?: string;
        };
        Leg: {
            /** Format: date-time */
            actual_from?: string;
            /**
             * Format: date-time
             * @description Absent while the leg is under way; a customs leg under way is a hold.
             */
            actual_to?: string;
            carrier?: string;
            /** @enum {string} */
            kind: "road" | "air" | "sea" | "rail" | "customs";
            name: string;
            note?: string;
            /** Format: date-time */
            planned_from?: string;
            /** Format: date-time */
            planned_to?: string;
        };
        LegsInputBody: {
            legs: components["schemas"]["Leg"][];
        };
        Letter: {
            /** Format: date-time */
            at: string;
            id: string;
            subject: string;
            text: string;
            to: string;
        };
        Level: {
            /** Format: int64 */
            orders: number;
            /** Format: int64 */
            price_mc: number;
            /** Format: int64 */
            units: number;
        };
        Line: {
            /**
             * Format: int64
             * @description From 1; absent while not packed.
             */
            box?: number;
            mac?: string;
            /** Format: date-time */
            packed_at?: string;
            /** Format: date-time */
            received_at?: string;
            /** Format: date-time */
            returned_at?: string;
            serial: string;
            unit_id: string;
        };
        LinkIn: {
            /** @description What stands behind the # of the mailed link. */
            token: string;
        };
        List: {
            /**
             * Format: date-time
             * @description The day the list is of.
             */
            dated: string;
            /** Format: int64 */
            entries: number;
            id: string;
            /** Format: date-time */
            imported_at: string;
            imported_by?: string;
            source: string;
        };
        Luck: {
            /**
             * Format: double
             * @description How likely the found blocks are to take at most the work they took: near 1 is bad luck.
             */
            erlang: number;
            /** Format: double */
            expected: number;
            /** Format: int64 */
            found: number;
            /** Format: int64 */
            high: number;
            /**
             * Format: int64
             * @description 95 % of all worlds find low to high.
             */
            low: number;
            /**
             * Format: double
             * @description How likely so few blocks, or fewer, are.
             */
            percentile: number;
            /**
             * Format: double
             * @description Found ÷ expected: 0.8 is 80 % luck.
             */
            ratio: number;
            /**
             * Format: int64
             * @description Length of the window.
             */
            seconds: number;
            /**
             * Format: date-time
             * @description The whole hour at which counting began.
             */
            since: string;
        };
        Machine: {
            address: string;
            /** @enum {string} */
            health: "offline" | "elsewhere" | "dead_board" | "hot" | "gap" | "slow" | "quarantined" | "unread" | "ok";
            id: string;
            /** Format: date-time */
            last_seen: string;
            /** Format: double */
            max_temp_c?: number;
            model?: string;
            /** Format: double */
            nominal_ths?: number;
            /**
             * Format: double
             * @description Pool-verified, or reported until the pool has counted ten minutes, over nominal.
             */
            of_nominal?: number;
            /**
             * Format: int64
             * @description 1 is the first.
             */
            pool_slot?: number;
            /** @description Of the active slot. */
            pool_url?: string;
            /** Format: double */
            power_w?: number;
            rack?: string;
            /** Format: double */
            reported_ths?: number;
            serial: string;
            /** Format: int64 */
            shelf?: number;
            site_id: string;
            site_name: string;
            unit_id?: string;
            /** @description Absent: the pool saw no shares. */
            verified?: components["schemas"]["Verified"];
            why?: string;
        };
        MachinePage: {
            items: components["schemas"]["Machine"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
            /**
             * Format: int64
             * @description All that match, on every page.
             */
            total: number;
        };
        MadeWatchLink: {
            link: components["schemas"]["WatchLink"];
            /** @description Send it as Watch-Token. It is told once; only its hash is stored. In the app it is behind the # of /watch#…, which no server is sent. */
            token?: string;
        };
        Me: {
            /** @description The actions that your roles allow. */
            can: string[];
            network: components["schemas"]["Network"];
            org: components["schemas"]["Org"];
            roles: string[];
            session: components["schemas"]["MeSession"];
            /** @description Money and machines are simulated. */
            test_mode: boolean;
            user: components["schemas"]["MeUser"];
        };
        MeSession: {
            /** @description What you can show. */
            factors: string[];
            /** @description Where passkeys work; at another address of this server they do not. */
            passkey_origin?: string;
            /**
             * @description verify: show a factor; enrol: your role needs one first.
             * @enum {string}
             */
            stage: "full" | "verify" | "enrol";
            /**
             * Format: date-time
             * @description Until when commands that ask for a factor ask for none.
             */
            step_up_until?: string;
        };
        MeUser: {
            email?: string;
            id: string;
            name: string;
        };
        Miner: {
            address: string;
            boards: components["schemas"]["FleetBoard"][];
            family?: string;
            firmware?: string;
            /** Format: date-time */
            first_seen: string;
            hostname?: string;
            id: string;
            /** Format: date-time */
            last_seen: string;
            mac?: string;
            model?: string;
            /** Format: date-time */
            offline_since?: string;
            org_id: string;
            /** @description Why it is not written to. */
            quarantine?: string;
            reading?: components["schemas"]["FleetReading"];
            serial: string;
            site_id: string;
            site_name: string;
            /** @description Configured pools as last read. */
            slots: components["schemas"]["Slot"][];
            /** @enum {string} */
            state: "online" | "offline";
            unit_id?: string;
        };
        Minute: {
            /** Format: date-time */
            minute: string;
            rate: string;
            /** Format: int64 */
            shares: number;
            work: string;
        };
        Model: {
            /** @description Firmware family of the stock machine. */
            family: string;
            id: string;
            /** Format: double */
            joules_per_th: number;
            maker: string;
            /** Format: int64 */
            millijoules_per_th: number;
            name: string;
            /** Format: int64 */
            nominal_ghs: number;
            /** Format: double */
            nominal_ths: number;
        };
        Network: {
            name: string;
            /**
             * Format: int64
             * @description How many hashes one real hash stands for on screens; 1 on every real network.
             */
            work_scale: number;
        };
        NewBitcoinPrice: {
            /**
             * Format: date-time
             * @description Now when absent.
             */
            at?: string;
            /** Format: int64 */
            cents_per_btc: number;
            /** @description Where it is from; it is shown beside every dollar. */
            source: string;
        };
        NewFactor: {
            factor: components["schemas"]["Factor"];
            /** @description With the first factor; told once. Each works once, in place of a factor. */
            recovery_codes?: string[] | null;
        };
        NewHook: {
            hook: components["schemas"]["Hook"];
            /** @description Signs what is sent. It is told once and stored nowhere. */
            secret?: string;
        };
        NewKey: {
            key: components["schemas"]["Key"];
            /** @description Send it as Authorization: Bearer. It is told once and stored nowhere. */
            secret?: string;
        };
        NewOrder: {
            /** @description All or none: trade whole in one go, or wait. */
            aon?: boolean;
            /**
             * Format: date-time
             * @description With gtd: when the order ends by itself.
             */
            expires_at?: string;
            instrument: string;
            /**
             * Format: int64
             * @description Every trade is a multiple of so many machines.
             */
            lot?: number;
            /**
             * Format: int64
             * @description Least machines a trade.
             */
            min_units?: number;
            /** @description Refuse the order if its price crosses a resting one. */
            post_only?: boolean;
            /**
             * Format: int64
             * @description Limit in milli-cents per TH/s; $11.42 is 1142000. Of a market order the worst price; absent it is 10 % from the best one.
             */
            price_mc?: number;
            /** @enum {string} */
            side: "bid" | "ask";
            /**
             * @description What happens when the order would trade with one of your own.
             * @default cancel-newest
             * @enum {string}
             */
            stp?: "cancel-newest" | "cancel-oldest" | "cancel-both";
            /**
             * @description gtc rests until cancelled, gtd until expires_at; ioc trades what it can at once; fok all at once or nothing.
             * @default gtc
             * @enum {string}
             */
            tif?: "gtc" | "ioc" | "gtd" | "fok" | "GTC" | "IOC" | "GTD" | "FOK";
            /**
             * @description A market order takes what is there at once, inside its worst price.
             * @default limit
             * @enum {string}
             */
            type?: "limit" | "market";
            /** @description Of an ask: which machines, in the order they are sold. */
            unit_ids?: string[] | null;
            /**
             * Format: int64
             * @description Of a bid: how many machines.
             */
            units?: number;
        };
        NewTerms: {
            /** @enum {string} */
            fee_method: "sma/1" | "sma-trim3/1" | "day/1" | "day-trim3/1";
            /** Format: int64 */
            fee_ppm: number;
            /**
             * Format: date-time
             * @description Now when absent; it must not have passed.
             */
            from?: string;
            /** @description Why, for the trail. */
            note?: string;
        };
        NewWatchLink: {
            /** @description Show statements. */
            earnings?: boolean;
            /**
             * Format: int64
             * @default 30
             */
            expires_in_days?: number;
            name: string;
            /** @description Show workers one by one. */
            workers?: boolean;
        };
        NewWorker: {
            /** @description The part of the username after the dot. */
            name: string;
        };
        Next: {
            buyer: components["schemas"]["NextStep"];
            desk: components["schemas"]["NextStep"];
            seller: components["schemas"]["NextStep"];
        };
        NextStep: {
            /**
             * @description What that side can do now; absent when it waits.
             * @enum {string}
             */
            act?: "fund" | "pack" | "receive" | "connect" | "account" | "decide";
            detail: string;
            /** Format: date-time */
            due?: string;
            title: string;
        };
        Node: {
            /** @description Miners work on its templates. */
            chosen: boolean;
            /**
             * Format: int64
             * @description Failed calls since the start.
             */
            errors: number;
            /**
             * @description From an unhealthy one no work is taken; before a doubtful one others are preferred.
             * @enum {string}
             */
            health: "healthy" | "doubtful" | "unhealthy";
            /**
             * Format: int64
             * @description Of its tip.
             */
            height: number;
            /**
             * Format: double
             * @description Of a short question, smoothed.
             */
            latency_ms: number;
            name: string;
            /**
             * Format: int64
             * @description Absent while not known.
             */
            peers?: number;
            /** @description It tells of new tips before it has a template. */
            quick_tips: boolean;
            /**
             * Format: date-time
             * @description When it last gave work.
             */
            seen_at?: string;
            /**
             * Format: date-time
             * @description When its tip was first seen here.
             */
            tip_since?: string;
            /** @description It is not healthy. */
            why?: string;
        };
        Offer: {
            email: string;
            /** Format: date-time */
            expires_at: string;
            /** @description Name of the organisation. */
            org: string;
            roles: string[];
        };
        Order: {
            aon?: boolean;
            /** Format: date-time */
            at: string;
            /** Format: date-time */
            changed_at: string;
            /** @description Of an ask: the telemetry of each machine when it was listed, by unit id. */
            condition?: unknown;
            /** Format: date-time */
            expires_at?: string;
            /** Format: int64 */
            filled: number;
            id: string;
            instrument: string;
            /** Format: int64 */
            lot?: number;
            /** Format: int64 */
            min_units?: number;
            post_only?: boolean;
            /** Format: int64 */
            price_mc: number;
            reason?: string;
            /**
             * Format: int64
             * @description Of the book when the order came to rest.
             */
            seq?: number;
            /** @enum {string} */
            side: "bid" | "ask";
            /** @enum {string} */
            state: "placing" | "open" | "filled" | "cancelled" | "rejected";
            /** @enum {string} */
            stp: "cancel-newest" | "cancel-oldest" | "cancel-both";
            /** @enum {string} */
            tif: "gtc" | "ioc" | "gtd" | "fok";
            /** @enum {string} */
            type: "limit" | "market";
            /** @description Of an ask, in the order they are sold. */
            unit_ids: string[];
            /** Format: int64 */
            units: number;
        };
        Org: {
            /** @description The organisation that runs hashyard. */
            house: boolean;
            id: string;
            name: string;
            /** @description Short name, also the account name at the pool. */
            slug: string;
        };
        Owner: {
            /** @description YYYY-MM-DD. */
            born?: string;
            /** @description Of residence, ISO 3166-1. */
            country: string;
            name: string;
            /**
             * Format: int64
             * @description Share in parts per million.
             */
            share_ppm?: number;
        };
        PageAccount: {
            items: components["schemas"]["Account"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageAlert: {
            items: components["schemas"]["Alert"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageAuditRow: {
            items: components["schemas"]["AuditRow"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageBitcoinPrice: {
            items: components["schemas"]["BitcoinPrice"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageBlock: {
            items: components["schemas"]["Block"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageBookedWork: {
            items: components["schemas"]["BookedWork"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageCandle: {
            items: components["schemas"]["Candle"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageCommand: {
            items: components["schemas"]["Command"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageCustody: {
            items: components["schemas"]["Custody"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageDelivery: {
            items: components["schemas"]["Delivery"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageDevice: {
            items: components["schemas"]["Device"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageEntry: {
            items: components["schemas"]["Entry"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageFill: {
            items: components["schemas"]["Fill"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageHashprice: {
            items: components["schemas"]["Hashprice"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageHook: {
            items: components["schemas"]["Hook"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageInstrument: {
            items: components["schemas"]["Instrument"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageInvitation: {
            items: components["schemas"]["Invitation"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageKey: {
            items: components["schemas"]["Key"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageLetter: {
            items: components["schemas"]["Letter"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageList: {
            items: components["schemas"]["List"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageLuck: {
            items: components["schemas"]["Luck"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageMiner: {
            items: components["schemas"]["Miner"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageModel: {
            items: components["schemas"]["Model"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageOrder: {
            items: components["schemas"]["Order"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PagePayout: {
            items: components["schemas"]["Payout"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PagePoint: {
            items: components["schemas"]["Point"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PagePoolAccount: {
            items: components["schemas"]["PoolAccount"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PagePoolSession: {
            items: components["schemas"]["PoolSession"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageReconciliation: {
            items: components["schemas"]["Reconciliation"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageRedirect: {
            items: components["schemas"]["Redirect"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageRedirectPlan: {
            items: components["schemas"]["RedirectPlan"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageReport: {
            items: components["schemas"]["Report"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageRound: {
            items: components["schemas"]["Round"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageSeriesPoint: {
            items: components["schemas"]["SeriesPoint"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageSession: {
            items: components["schemas"]["Session"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageShipment: {
            items: components["schemas"]["Shipment"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageSite: {
            items: components["schemas"]["Site"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageStatement: {
            items: components["schemas"]["Statement"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageSubject: {
            items: components["schemas"]["Subject"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageTrade: {
            items: components["schemas"]["Trade"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageUnit: {
            items: components["schemas"]["Unit"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageUnitEvent: {
            items: components["schemas"]["UnitEvent"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageUser: {
            items: components["schemas"]["User"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageWatchLink: {
            items: components["schemas"]["WatchLink"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageWatchedStatement: {
            items: components["schemas"]["WatchedStatement"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageWatchedWorker: {
            items: components["schemas"]["WatchedWorker"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        PageWorker: {
            items: components["schemas"]["Worker"][];
            /** @description Pass it as cursor for the next page; absent on the last page. */
            next?: string;
        };
        Party: {
            id: string;
            name: string;
        };
        PasskeyOptions: {
            /** @description For PublicKeyCredential.parseRequestOptionsFromJSON, or parseCreationOptionsFromJSON. */
            publicKey: unknown;
        };
        PasskeySignInInBody: {
            /** @description PublicKeyCredential.toJSON() */
            passkey: {
                [key: string]: unknown;
            };
        };
        PasswordIn: {
            /** Format: password */
            current: string;
            /**
             * Format: password
             * @description At least 12 characters.
             */
            new: string;
        };
        Payment: {
            /** Format: int64 */
            amount_cents: number;
            /** @description On the payment rail. */
            id?: string;
            instructions: components["schemas"]["Instructions"];
            /** Format: date-time */
            opened_at: string;
            /** Format: int64 */
            received_cents: number;
            /** @enum {string} */
            status: "open" | "succeeded" | "canceled";
            /** Format: date-time */
            succeeded_at?: string;
        };
        Payout: {
            address: string;
            /** Format: int64 */
            amount_sats: number;
            block_hash?: string;
            /** Format: int64 */
            block_height?: number;
            /** Format: date-time */
            broadcast_at?: string;
            /** Format: int64 */
            confirmations: number;
            /** Format: int64 */
            confirmations_needed: number;
            /** Format: date-time */
            confirmed_at?: string;
            /**
             * Format: int64
             * @description Paid by the house.
             */
            fee_sats: number;
            id: string;
            /**
             * Format: date-time
             * @description Since when the address is the organisation's; absent when it has another one by now.
             */
            listed_at?: string;
            org: string;
            org_name?: string;
            /** @description Why it waits or was refused. */
            reason?: string;
            /** Format: date-time */
            refused_at?: string;
            /** Format: date-time */
            requested_at: string;
            /** Format: date-time */
            reserved_at?: string;
            /** Format: date-time */
            signed_at?: string;
            /** @enum {string} */
            state: "requested" | "reserved" | "awaiting_signature" | "signed" | "broadcast" | "confirmed" | "refused";
            txid?: string;
        };
        PayoutAddress: {
            address: string;
            /** Format: date-time */
            set_at: string;
        };
        PayoutFreeze: {
            /**
             * Format: date-time
             * @description Absent while nobody ever turned it.
             */
            at?: string;
            /** @description The user who turned it. */
            by?: string;
            /** @description The part of the house that turned it by itself. */
            by_system?: string;
            frozen: boolean;
            reason?: string;
            /** @description Why the signer was not told yet; it will be as soon as it answers. */
            signer_error?: string;
        };
        PlaceInputBody: {
            rack: string;
            /** Format: int64 */
            shelf: number;
        };
        PlanAsk: {
            /** @description Also machines that are not as registered. */
            accept_mismatch?: boolean;
            /**
             * Format: int64
             * @description Share of a wave that may fail or be unknown, in parts per million; absent: none.
             */
            halt_ppm?: number;
            /**
             * @description To our pool, or back to the pools of before.
             * @enum {string}
             */
            kind: "redirect" | "restore";
            miner_ids: string[] | null;
        };
        PlanIntent: {
            address: string;
            /** @description Why. */
            left_out?: string;
            miner_id: string;
            serial: string;
            unit_id?: string;
            /**
             * Format: int64
             * @description 1 is the first; absent: left out.
             */
            wave?: number;
            /** @description Slots with no url are emptied. */
            write: components["schemas"]["Slot"][];
        };
        PlanUnit: {
            /**
             * Format: date-time
             * @description Of the last step.
             */
            at?: string;
            cause?: string;
            miner_id: string;
            redirect?: components["schemas"]["Redirect"];
            serial: string;
            /** @enum {string} */
            state: "planned" | "commanded" | "acknowledged" | "read_back" | "hashing" | "blocked" | "failed" | "unknown";
            unit_id: string;
            /** Format: int64 */
            wave: number;
        };
        PlanWave: {
            /**
             * Format: int64
             * @description Failed, blocked or unknown: what the halt rule counts.
             */
            bad: number;
            /** Format: int64 */
            good: number;
            /** Format: int64 */
            open: number;
            /** Format: int64 */
            total: number;
            /** Format: int64 */
            wave: number;
        };
        Point: {
            /** Format: date-time */
            at: string;
            /** Format: int64 */
            hardware_errors?: number;
            /** Format: double */
            max_temp_c?: number;
            /** Format: int64 */
            readings: number;
            /**
             * Format: double
             * @description Mean of what was reported.
             */
            ths?: number;
        };
        Pool: {
            /** Format: int64 */
            accepted?: number;
            /** Format: double */
            difficulty_accepted?: number;
            /** Format: double */
            difficulty_rejected?: number;
            /** Format: date-time */
            last_share?: string;
            /** Format: int64 */
            priority: number;
            /** Format: int64 */
            rejected?: number;
            /** Format: int64 */
            slot: number;
            /** Format: int64 */
            stale?: number;
            status: string;
            stratum_active: boolean;
            /** Format: double */
            stratum_difficulty?: number;
            url: string;
            user: string;
            work_accepted?: string;
        };
        PoolAccount: {
            /** Format: date-time */
            created_at: string;
            /** @description That holds now. */
            fee_method: string;
            /**
             * Format: int64
             * @description That holds now.
             */
            fee_ppm: number;
            id: string;
            /** @description It leads every username. */
            name: string;
            org_id: string;
            /** @description All terms ever set, oldest first; before the first the pool's own hold. */
            terms: components["schemas"]["Terms"][];
        };
        PoolChart: {
            /** @description Everybody's, oldest first. */
            blocks: components["schemas"]["BlockMark"][];
            /** Format: date-time */
            from: string;
            points: components["schemas"]["SeriesPoint"][];
            /** @description The hashprice from each moment on; the first may be before the window. */
            prices: components["schemas"]["PricePoint"][];
            /** Format: date-time */
            to: string;
        };
        PoolInfo: {
            /**
             * Format: double
             * @description Of the network.
             */
            difficulty: number;
            /** @description The rate now; absent before the first job. */
            epoch?: components["schemas"]["Epoch"];
            /** @description Of accounts without terms of their own. sma/1: mean fees of the last fee_window blocks that end at fee_tip_hash; sma-trim3/1: without the three highest and lowest; day/1 and day-trim3/1: of the UTC day's blocks. */
            fee_method: string;
            /** Format: int64 */
            fee_ppm: number;
            /** Format: int64 */
            fee_window: number;
            /**
             * Format: int64
             * @description After a period, how long shares of its jobs are still taken.
             */
            grace_ms: number;
            /**
             * Format: double
             * @description Satoshis per displayed TH/s and day, before the pool's fee.
             */
            hashprice: number;
            network: string;
            /** @description Like 24h0m0s. Periods begin at multiples of it since year one, UTC. */
            settlement_period: string;
            /** Format: int64 */
            settlement_period_ms: number;
            stratum_url: string;
            /**
             * Format: int64
             * @description Hashes that one real hash stands for on screens; 1 on real networks.
             */
            work_scale: number;
        };
        PoolLock: {
            detail?: string;
            state: string;
        };
        PoolOverview: {
            /** Format: date-time */
            at: string;
            day: components["schemas"]["WindowRates"];
            /**
             * Format: double
             * @description Of the network.
             */
            difficulty: number;
            hour: components["schemas"]["WindowRates"];
            last_block?: components["schemas"]["Block"];
            /**
             * Format: double
             * @description Of the whole pool, 0 to 1; absent where the chain keeps no ten-minute pace.
             */
            network_share?: number;
            /**
             * Format: double
             * @description Expected wait of the whole pool at its last hour's rate.
             */
            next_block_seconds?: number;
            /** @description Of the whole pool. */
            pool_hour: components["schemas"]["Rates"];
            /** @description Absent where this process does not make the jobs. */
            work?: components["schemas"]["Work"];
            /** Format: int64 */
            workers: number;
            /**
             * Format: int64
             * @description Of them with a share in the last five minutes.
             */
            working: number;
        };
        PoolSession: {
            /** Format: int64 */
            accepted: number;
            agent: string;
            /**
             * Format: int64
             * @description In units of 2^-32.
             */
            difficulty: number;
            /** @description What the machine said of its hardware. */
            hw_id?: string;
            hw_version?: string;
            id: string;
            /** Format: date-time */
            last_share_at?: string;
            /** Format: date-time */
            opened_at: string;
            /**
             * Format: double
             * @description Wanted shares a minute.
             */
            per_minute: number;
            /** @description The machine is under proof. */
            proof: boolean;
            /** Format: int64 */
            rejected: number;
            remote: string;
            /** @description The session knew the machine's secret. */
            secret: boolean;
            sw_version?: string;
            unit_id?: string;
            user: string;
            /** Format: double */
            wire_difficulty: number;
            work: string;
            worker_id: string;
        };
        PoolSetting: {
            password: string;
            url: string;
            user: string;
        };
        Posting: {
            /** Format: int64 */
            amount: number;
            currency: string;
            org: string;
            purpose: string;
        };
        PricePoint: {
            /** Format: date-time */
            at: string;
            /**
             * Format: double
             * @description Satoshis per displayed TH/s and day, before the pool's fee.
             */
            hashprice: number;
            /**
             * Format: double
             * @description Change of the network's difficulty, 0.01 is one percent up.
             */
            retarget?: number;
        };
        Proof: {
            /** @description Telemetry of the machine as it was listed. In lists and answers of commands absent. */
            condition?: unknown;
            /** Format: date-time */
            decided_at?: string;
            /** Format: double */
            estimate_ths: number;
            /**
             * Format: double
             * @description What the lower bound must reach.
             */
            floor_ths: number;
            /** Format: date-time */
            from?: string;
            /**
             * Format: double
             * @description One-sided 95 % bound.
             */
            lower_ths: number;
            /** Format: int64 */
            shares: number;
            /** Format: double */
            sold_ths: number;
            /** Format: date-time */
            started_at?: string;
            /** @enum {string} */
            state: "waiting" | "running" | "passed" | "failed";
            /** Format: date-time */
            to?: string;
            unit: string;
            /**
             * Format: double
             * @description One-sided 95 % bound.
             */
            upper_ths: number;
            work: string;
        };
        ProofInBody: {
            /** @description Six digits of an app, or a recovery code. */
            code?: string;
            /** @description PublicKeyCredential.toJSON() */
            passkey?: {
                [key: string]: unknown;
            };
        };
        Rack: {
            name: string;
            slots: components["schemas"]["Spot"][];
        };
        Rates: {
            /** Format: double */
            lower_ths: number;
            /** Format: double */
            ths: number;
            /**
             * Format: double
             * @description Absent when there is nothing to judge by.
             */
            upper_ths?: number;
        };
        Reading: {
            /** Format: date-time */
            at: string;
            boards?: components["schemas"]["BoardReading"][] | null;
            /** Format: double */
            environment_temp_c?: number;
            fans_rpm?: number[] | null;
            /** Format: int64 */
            hardware_errors?: number;
            /** Format: double */
            hashrate_average_hs?: number;
            /** Format: double */
            hashrate_hs?: number;
            /** Format: double */
            hashrate_ideal_hs?: number;
            pools?: components["schemas"]["Pool"][] | null;
            /** Format: double */
            power_w?: number;
            unread?: string[] | null;
            /** Format: int64 */
            uptime_ns?: number;
        };
        Received: {
            /** Format: int64 */
            miners: number;
            /** @description Machines that could not be taken over, and why. */
            problems?: string[] | null;
        };
        ReconcileLine: {
            account: string;
            /** @enum {string} */
            currency: "USD" | "BTC";
            /**
             * Format: int64
             * @description Outside less ledger.
             */
            difference: number;
            /**
             * Format: int64
             * @description Cents or sats.
             */
            ledger: number;
            note?: string;
            /** Format: int64 */
            outside: number;
            /** @description Payouts are made from it: a difference freezes them. */
            paying: boolean;
            source: string;
            /** @enum {string} */
            state: "equal" | "under_way" | "explain" | "differs" | "unknown";
        };
        Reconciliation: {
            /** Format: date-time */
            at: string;
            /**
             * Format: int64
             * @description Lines that nothing explains.
             */
            differ: number;
            /** @description It froze payouts by itself. */
            froze?: boolean;
            /**
             * Format: int64
             * @description Scanned height of the chain.
             */
            height: number;
            id: string;
            lines: components["schemas"]["ReconcileLine"][];
            /** Format: date-time */
            next_at: string;
        };
        Record: {
            /** Format: date-time */
            changed_at?: string;
            /** Format: date-time */
            decided_at?: string;
            details: components["schemas"]["Details"];
            org_id: string;
            /** @description What the desk wrote to the organisation. */
            reason?: string;
            /** @enum {string} */
            state: "unverified" | "submitted" | "verified" | "refused" | "suspended";
            /** Format: date-time */
            submitted_at?: string;
            /** Format: int64 */
            version: number;
        };
        Redirect: {
            address: string;
            /** @description Made because the unit was delivered. */
            automatic: boolean;
            by?: string;
            /** Format: date-time */
            created_at: string;
            differences: string[];
            id: string;
            mac?: string;
            miner_id: string;
            /** @description What the machine was set to before. */
            old_slots: components["schemas"]["Slot"][];
            read_back: components["schemas"]["Slot"][];
            /** @description Why it failed, in words. */
            reason?: string;
            /** @description All slots were read back as wanted. */
            redirected: boolean;
            serial: string;
            site_id: string;
            /** @enum {string} */
            state: "requested" | "sent" | "identity_checked" | "snapshotted" | "acknowledged" | "read_back_equal" | "hashing" | "failed";
            steps: components["schemas"]["Step"][];
            unit_id: string;
            /** @description Slots that are not named shall be empty. */
            wanted: components["schemas"]["Slot"][];
        };
        RedirectInputBody: {
            /** @description Redirect although the machine is not as registered. */
            accept_mismatch?: boolean;
        };
        RedirectOrder: {
            address: string;
            boards?: string[] | null;
            family: string;
            mac?: string;
            redirect_id: string;
            serial: string;
            /** @description Slots beyond these are written as empty. */
            slots: components["schemas"]["PoolSetting"][] | null;
            unit_id: string;
        };
        RedirectPlan: {
            /** @description Machines by state; they sum to the total. */
            counts: {
                [key: string]: number;
            };
            /** Format: date-time */
            created_at: string;
            created_by?: string;
            /** Format: date-time */
            ended_at?: string;
            /** Format: int64 */
            halt_ppm: number;
            /** Format: date-time */
            halted_at?: string;
            /** @description Absent: by its own rule. */
            halted_by?: string;
            id: string;
            /** @enum {string} */
            kind: "redirect" | "restore";
            /** @description Of a halt. */
            reason?: string;
            /** @description The plan whose redirects it undoes. */
            rolls_back?: string;
            /** @enum {string} */
            state: "running" | "halted" | "done" | "rolled_back";
            /** Format: int64 */
            total: number;
            /** @description Only with one plan. */
            units?: components["schemas"]["PlanUnit"][] | null;
            /**
             * Format: int64
             * @description Begun; 0 before the first.
             */
            wave: number;
            waves: components["schemas"]["PlanWave"][];
        };
        Ref: {
            id: string;
            kind: string;
        };
        Refusal: {
            /**
             * Format: int64
             * @description Of Stratum: 20 other, 21 stale, 22 duplicate, 23 low difficulty, 24 unauthorised, 25 not subscribed.
             */
            code: number;
            /** Format: int64 */
            count: number;
            /**
             * Format: int64
             * @description How often, to that worker.
             */
            most: number;
            /**
             * Format: int64
             * @description That it happened to.
             */
            workers: number;
            /** @description The worker it happened to most. */
            worst?: string;
            worst_id?: string;
        };
        Refusals: {
            /** Format: int64 */
            accepted: number;
            /** @description The most frequent first. */
            items: components["schemas"]["Refusal"][];
            /** Format: int64 */
            rejected: number;
        };
        RefusedClass: {
            /** Format: int64 */
            count: number;
            /**
             * Format: int64
             * @description End of the class; 0 where there are none.
             */
            up_to_ms: number;
        };
        Report: {
            /** @description The first bad one; absent where all is well. */
            bad?: components["schemas"]["Finding"];
            /** @description The organisation; absent for the house's acts that concern nobody in particular. */
            chain?: string;
            /** @description The last good link. */
            head?: components["schemas"]["Head"];
            /**
             * Format: int64
             * @description Links that were found to be as they were made.
             */
            rows: number;
        };
        Reserve: {
            /**
             * Format: double
             * @description By the pool's last hour.
             */
            blocks_per_day: number;
            /** Format: double */
            delta: number;
            /**
             * Format: double
             * @description x with 1 - e^-x = (1-f)x.
             */
            exponent: number;
            /**
             * Format: int64
             * @description The pool's own fee.
             */
            fee_ppm: number;
            /** @description Absent while the pool does not hash. */
            month?: components["schemas"]["Horizon"];
            /**
             * Format: int64
             * @description B·ln(1/δ)/x: keeps the chance of ruin at delta for ever, whatever the pool's size.
             */
            needed_sats: number;
            notes: string[];
            /** Format: int64 */
            reserve_sats: number;
            /**
             * Format: int64
             * @description What a block is expected to bring, B.
             */
            reward_sats: number;
            /**
             * Format: int64
             * @description B·ln(1/δ)/2f, the published limit for small fees.
             */
            rosenfeld_sats: number;
            /**
             * Format: double
             * @description Chance that this reserve is ever used up.
             */
            ruin_ever: number;
            year?: components["schemas"]["Horizon"];
        };
        ResetAsk: {
            email: string;
        };
        ResetUse: {
            /**
             * Format: password
             * @description At least 12 characters.
             */
            password: string;
            /** @description What stands behind the # of the mailed link. */
            token: string;
        };
        Result: {
            ack?: components["schemas"]["Acknowledgement"];
            address?: string;
            /** Format: int64 */
            epoch: number;
            error?: string;
            identity?: components["schemas"]["Identity"];
            /** Format: date-time */
            identity_at?: string;
            lock?: components["schemas"]["PoolLock"];
            read_back?: components["schemas"]["ConfiguredPool"][] | null;
            /** Format: date-time */
            read_back_at?: string;
            /** @description The whole result was refused; this stands for it. */
            refused?: boolean;
            running?: components["schemas"]["Pool"][] | null;
            site_id: string;
            /** Format: int64 */
            slot_count?: number;
            snapshot?: components["schemas"]["ConfiguredPool"][] | null;
            /** Format: date-time */
            snapshot_at?: string;
            /** @description The same might work later. */
            transient?: boolean;
        };
        RotateSecret: {
            /**
             * Format: int64
             * @description The one to replace, secret_generation of the worker: so a retry changes nothing.
             */
            generation: number;
            /**
             * Format: int64
             * @description How long the old one is good beside it; with 0 its sessions end at once.
             */
            keep_hours?: number;
        };
        RotatedSecret: {
            /** Format: int64 */
            generation: number;
            /** Format: date-time */
            old_until: string;
            /** @description Told once. A redirect of the machine writes it by itself. */
            password?: string;
            url: string;
            user: string;
            worker_id: string;
        };
        Round: {
            /** @description That ended it; absent in the one that runs. */
            block?: components["schemas"]["Block"];
            /**
             * Format: double
             * @description In expected blocks: 1 is as much work as a block takes.
             */
            effort: number;
            /** Format: date-time */
            from: string;
            /**
             * Format: double
             * @description How likely a round needs at most this effort.
             */
            unlucky: number;
        };
        Scan: {
            /**
             * Format: int64
             * @description That the machine is in.
             */
            box?: number;
            /** Format: int64 */
            expected: number;
            /**
             * Format: int64
             * @description Machines in that box.
             */
            in_box?: number;
            /** @enum {string} */
            outcome: "counted" | "repeated" | "undone";
            /** Format: int64 */
            remaining: number;
            /** Format: int64 */
            scanned: number;
            /** @description In its normal form. */
            serial: string;
            /** @description Of the shipment, after the scan. */
            state: string;
            unit: string;
        };
        ScanInputBody: {
            /**
             * Format: date-time
             * @description By the scanner's own clock, when the scan waited for the network.
             */
            at?: string;
            /** @enum {string} */
            kind: "pack" | "receive" | "return";
            /** @description As the scanner read it. */
            serial: string;
        };
        SearchGroup: {
            hits: components["schemas"]["SearchHit"][];
            /** @enum {string} */
            kind: "machine" | "trade" | "order" | "shipment" | "payout" | "block";
            /** @description There are more of this kind. */
            more: boolean;
        };
        SearchHit: {
            about: string;
            /** @description Of the thing; of a block its hash. */
            id: string;
            /** @description What people call it. */
            label: string;
            /** @description Of an order its instrument. */
            of?: string;
            state: string;
        };
        SearchResult: {
            groups: components["schemas"]["SearchGroup"][];
        };
        SeriesPoint: {
            /** Format: date-time */
            at: string;
            /** Format: double */
            lower_ths: number;
            /** Format: int64 */
            rejected: number;
            /**
             * Format: double
             * @description Length of the step; shorter at the present end.
             */
            seconds: number;
            /** Format: int64 */
            shares: number;
            /** Format: double */
            ths: number;
            /**
             * Format: double
             * @description Absent when there is nothing to judge by.
             */
            upper_ths?: number;
            work: string;
        };
        Session: {
            /** @description What the browser says of itself. */
            agent: string;
            /** Format: date-time */
            created_at: string;
            /** @description It is the one that asks. */
            current: boolean;
            /**
             * Format: date-time
             * @description It ends then, and twelve hours after its last use.
             */
            expires_at: string;
            /** @description What was shown last. */
            factor?: string;
            id: string;
            /** @description The address it was opened from. */
            remote: string;
            /**
             * Format: date-time
             * @description Last use, to the minute.
             */
            seen_at: string;
            /** Format: date-time */
            shown_at?: string;
        };
        SetAddressInputBody: {
            /** @description A Bitcoin address of the yard's network. */
            address: string;
        };
        Settlement: {
            /** Format: int64 */
            amount_cents: number;
            /** Format: int64 */
            commission_cents: number;
            /** Format: date-time */
            done_at?: string;
            /** @enum {string} */
            kind: "release" | "refund";
            /** Format: date-time */
            made_at: string;
            /** @description The transfer or refund, once it is made. */
            rail_id?: string;
            /** @description Why it waits: the seller cannot be paid yet. */
            trouble?: string;
        };
        Shelf: {
            shelf: string;
            unit_id: string;
        };
        ShelfInputBody: {
            shelf: string;
        };
        Shipment: {
            /** Format: date-time */
            arrived_at?: string;
            /** Format: int64 */
            box_size: number;
            buyer: components["schemas"]["Party"];
            carrier?: string;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            dispatched_at?: string;
            /** Format: int64 */
            expected: number;
            id: string;
            lines: components["schemas"]["Line"][];
            /** @description What people call it, like S-0931. */
            number: string;
            /** Format: int64 */
            packed: number;
            /** Format: date-time */
            packed_at?: string;
            /** @description Of the exception or the cancellation. */
            reason?: string;
            /** Format: int64 */
            received: number;
            /** Format: date-time */
            received_at?: string;
            /**
             * Format: int64
             * @description Machines of a refunded trade that the seller scanned back in.
             */
            returned: number;
            /** Format: date-time */
            returned_at?: string;
            seller: components["schemas"]["Party"];
            /** @enum {string} */
            state: "packing" | "packed" | "dispatched" | "arrived" | "received" | "exception" | "cancelled" | "returning" | "returned";
            /** @description The dispute because of which the seller may neither pack nor dispatch. */
            stopped?: string;
            tracking?: string;
            trade_id: string;
        };
        Sighting: {
            address: string;
            /** Format: date-time */
            at: string;
            /** @description The evidence for the family. */
            because?: string[] | null;
            identity: components["schemas"]["Identity"];
            reading?: components["schemas"]["Reading"];
            /** Format: int64 */
            score?: number;
            /** @description Configured pools, passwords left out. */
            slots?: components["schemas"]["ConfiguredPool"][] | null;
        };
        Sightings: {
            gone?: components["schemas"]["Gone"][] | null;
            sightings?: components["schemas"]["Sighting"][] | null;
            site_id: string;
        };
        SignInInBody: {
            email: string;
            /** Format: password */
            password: string;
        };
        SignerLimits: {
            /** Format: int64 */
            max_fee_sats: number;
            /** Format: int64 */
            per_day_sats: number;
            /** Format: int64 */
            per_payout_sats: number;
        };
        Site: {
            agent_online: boolean;
            /** Format: date-time */
            agent_seen_at?: string;
            agent_version?: string;
            cidr: string;
            id: string;
            name: string;
            org_id: string;
        };
        SiteMap: {
            racks: components["schemas"]["Rack"][];
        };
        Slot: {
            /**
             * Format: int64
             * @description 1 is the first.
             */
            slot: number;
            url: string;
            user: string;
        };
        Spot: {
            health: string;
            id: string;
            /** Format: double */
            max_temp_c?: number;
            /** Format: double */
            ratio?: number;
            serial: string;
            /** Format: int64 */
            shelf: number;
        };
        Standing: {
            /** Format: date-time */
            changed_at?: string;
            /** Format: date-time */
            decided_at?: string;
            details: components["schemas"]["Details"];
            may_trade: boolean;
            name: string;
            org_id: string;
            /** @description What the desk wrote to the organisation. */
            reason?: string;
            /** @enum {string} */
            state: "unverified" | "submitted" | "verified" | "refused" | "suspended";
            /** Format: date-time */
            submitted_at?: string;
            /** Format: int64 */
            version: number;
            /** @description Why it may not, and what to do. */
            why?: string;
        };
        StateAt: {
            /** Format: date-time */
            at: string;
            state: string;
        };
        Statement: {
            account_id: string;
            /** Format: int64 */
            fee_sats: number;
            /** Format: date-time */
            from: string;
            gross_exact: string;
            /** Format: int64 */
            gross_sats: number;
            id: string;
            net_exact: string;
            /** Format: int64 */
            net_sats: number;
            org_id: string;
            /**
             * Format: int64
             * @description Of the whole period, on one statement of it.
             */
            residue_sats: number;
            /** Format: date-time */
            settled_at: string;
            /** Format: int64 */
            shares: number;
            /** Format: date-time */
            to: string;
            work: string;
        };
        StatementDetail: {
            account_id: string;
            /** @description The rates, with every input. */
            epochs: components["schemas"]["Epoch"][];
            /** Format: int64 */
            fee_sats: number;
            /** Format: date-time */
            from: string;
            gross_exact: string;
            /** Format: int64 */
            gross_sats: number;
            id: string;
            net_exact: string;
            /** Format: int64 */
            net_sats: number;
            org_id: string;
            /**
             * Format: int64
             * @description Of the whole period, on one statement of it.
             */
            residue_sats: number;
            /** Format: date-time */
            settled_at: string;
            /** Format: int64 */
            shares: number;
            /** Format: date-time */
            to: string;
            work: string;
            workers: components["schemas"]["StatementWorker"][];
        };
        StatementKey: {
            /** @enum {string} */
            algorithm: "ed25519";
            /** @description 64 hex digits. */
            public_key: string;
        };
        StatementLine: {
            epoch: string;
            gross_exact: string;
            net_exact: string;
            /** Format: int64 */
            shares: number;
            work: string;
        };
        StatementProof: {
            format: string;
            /**
             * Format: int64
             * @description The worker's place among the workers with receipts.
             */
            index: number;
            minutes: components["schemas"]["Minute"][];
            /** @description Siblings from the worker's leaf up. */
            path: string[];
            receipt_root: string;
            /** Format: int64 */
            size: number;
            statement_id: string;
            worker_id: string;
        };
        StatementWorker: {
            lines: components["schemas"]["StatementLine"][];
            /** @description Its part of the statement's. */
            net_exact: string;
            /** Format: int64 */
            shares: number;
            unit_id?: string;
            user: string;
            work: string;
            worker_id: string;
        };
        Status: {
            /** Format: date-time */
            at: string;
            /** @description The newest ten, without their finders. */
            blocks: components["schemas"]["Block"][];
            /**
             * Format: int64
             * @description Minutes of the last day, from the first share on.
             */
            day_minutes: number;
            /**
             * Format: double
             * @description Of the network.
             */
            difficulty: number;
            fee_method: string;
            /** Format: int64 */
            fee_ppm: number;
            hashprice: components["schemas"]["Hashprice"];
            /**
             * Format: int64
             * @description Of them without any accepted share.
             */
            minutes_without: number;
            network: string;
            /** @description The whole pool's last hour, in displayed TH/s. */
            pool: components["schemas"]["Rates"];
            /**
             * Format: date-time
             * @description Of the process that answers.
             */
            up_since: string;
            /**
             * Format: double
             * @description 1 - minutes_without ÷ day_minutes; absent before the first share.
             */
            uptime?: number;
            /**
             * Format: date-time
             * @description When work was last offered; absent where this process does not know.
             */
            work_offered_at?: string;
            /**
             * Format: int64
             * @description With a share in the last five minutes.
             */
            workers_online: number;
        };
        Step: {
            /** Format: date-time */
            at: string;
            detail?: string;
            state: string;
        };
        Stray: {
            serial: string;
            shelf?: string;
            state?: string;
            trade_id?: string;
            unit_id?: string;
            /** @description Only of your own machines is more told. */
            yours: boolean;
        };
        Subject: {
            house: boolean;
            /** @description How the organisation is called here. */
            name: string;
            /**
             * Format: int64
             * @description Listed names that nobody has cleared.
             */
            open_hits: number;
            record: components["schemas"]["Record"];
        };
        Terms: {
            fee_method: string;
            /** Format: int64 */
            fee_ppm: number;
            /**
             * Format: date-time
             * @description They hold for settlement periods that begin then or later.
             */
            from: string;
            id: string;
            note?: string;
            /** Format: date-time */
            set_at: string;
            set_by?: string;
        };
        Trade: {
            /** Format: int64 */
            amount_cents: number;
            ask_order: string;
            bid_order: string;
            buyer: components["schemas"]["BrokerageParty"];
            clocks: components["schemas"]["Clock"][];
            /**
             * Format: int64
             * @description The house's part, from the seller.
             */
            commission_cents: number;
            /**
             * Format: int64
             * @description Of the buyer's money, what nobody was given yet.
             */
            held_cents: number;
            id: string;
            instrument: string;
            /** @enum {string} */
            maker: "bid" | "ask";
            /** Format: date-time */
            matched_at: string;
            next: components["schemas"]["Next"];
            /** @description As people say it: T-1. */
            number: string;
            /**
             * Format: int64
             * @description To the seller.
             */
            paid_cents: number;
            /** @description For the buyer, after the first fund. */
            payment?: components["schemas"]["Payment"];
            /** Format: date-time */
            payment_due: string;
            /** Format: int64 */
            price_mc: number;
            /** @description Of the machine that is furthest from passing. */
            proof?: components["schemas"]["Proof"];
            /** Format: date-time */
            proof_due?: string;
            /** @description Of every machine. */
            proofs: components["schemas"]["Proof"][];
            /** @description Why it was cancelled, refuted or disputed. */
            reason?: string;
            /** Format: int64 */
            refunded_cents: number;
            /**
             * @description What you are in it.
             * @enum {string}
             */
            role?: "buyer" | "seller";
            seller: components["schemas"]["BrokerageParty"];
            /** @description How the held money leaves, once that is decided. */
            settlement?: components["schemas"]["Settlement"];
            /**
             * Format: double
             * @description Of all machines together.
             */
            sold_ths: number;
            /** @enum {string} */
            state: "matched" | "funded" | "shipped" | "delivered" | "proving" | "proven" | "released" | "refuted" | "disputed" | "cancelled";
            /** @description The states it was in, with the time it came into each. */
            states: components["schemas"]["StateAt"][];
            units: string[];
            /** Format: int64 */
            version: number;
        };
        Treasury: {
            address: string;
            coins: components["schemas"]["Coin"][];
            /**
             * Format: int64
             * @description Ledger less coins. Not zero: no payout is made.
             */
            difference_sats: number;
            freeze: components["schemas"]["PayoutFreeze"];
            hash: string;
            /**
             * Format: int64
             * @description Of the last scanned block.
             */
            height: number;
            /**
             * Format: int64
             * @description Of the coins, held by payouts.
             */
            held_sats: number;
            /**
             * Format: int64
             * @description Block rewards that are not deep enough yet.
             */
            immature_sats: number;
            /**
             * Format: int64
             * @description Amounts and fees signed and in no block yet.
             */
            in_flight_sats: number;
            /** Format: int64 */
            ledger_coins_sats: number;
            /**
             * Format: int64
             * @description As a debt: equal to in_flight_sats.
             */
            ledger_in_flight_sats: number;
            network: string;
            /** Format: int64 */
            open_payouts: number;
            /**
             * Format: int64
             * @description Of the day's limit, with fees, UTC.
             */
            signed_today_sats: number;
            /** @description Why the signer does not answer. */
            signer_error?: string;
            /** @description The signer's own switch. */
            signer_frozen: boolean;
            signer_limits: components["schemas"]["SignerLimits"];
            /** Format: int64 */
            spendable_sats: number;
        };
        TrialBalance: {
            accounts: components["schemas"]["Account"][];
            /** @description Accounts whose balance is not the sum of their postings, with the difference. */
            drift: components["schemas"]["Account"][];
            /** Format: int64 */
            entries: number;
            /** @description Every currency sums to zero and every balance is the sum of its postings. */
            sound: boolean;
            /** @description Sum of all balances by currency; 0 when sound. */
            totals: {
                [key: string]: number;
            };
        };
        Turn: {
            reason: string;
        };
        Turns: {
            /**
             * Format: int64
             * @description Decisions, late trades, verifications and payouts that wait for the house.
             */
            desk: number;
            /**
             * Format: int64
             * @description Machines whose redirect failed or that are quarantined.
             */
            fleet: number;
            /**
             * Format: int64
             * @description Shipments to pack, dispatch, take in or take back.
             */
            logistics: number;
            /**
             * Format: int64
             * @description Trades to pay.
             */
            market: number;
            /**
             * Format: int64
             * @description Payments and payouts to you that do not go on.
             */
            money: number;
        };
        UndoInputBody: {
            serial: string;
        };
        Unit: {
            /** @description Hashboard serials in slot order. */
            boards: string[];
            carrier?: string;
            /** @description Absent while a carrier has the machine. */
            custodian?: components["schemas"]["Party"];
            /** @description Entered by hand; no agent has seen it yet, so it cannot be listed. */
            entered?: boolean;
            id: string;
            mac?: string;
            model: string;
            model_id?: string;
            /** Format: double */
            nominal_ths: number;
            /** @description The order that holds the machine. */
            order_id?: string;
            /** @description Blank for a former owner, as state is. */
            owner: components["schemas"]["Party"];
            /** Format: date-time */
            registered_at: string;
            /**
             * Format: date-time
             * @description Absent for whoever may not know where the machine is.
             */
            seen_at?: string;
            serial: string;
            /** @description Where its custodian keeps it; for the custodian. */
            shelf?: string;
            site?: components["schemas"]["Party"];
            /** @enum {string} */
            state: "available" | "listed" | "sold" | "packed" | "in_transit" | "arrived" | "received" | "returning" | "";
            /** @description The trade that holds the machine. */
            trade_id?: string;
        };
        UnitEarning: {
            /** Format: date-time */
            from: string;
            net_exact: string;
            /** Format: int64 */
            net_sats: number;
            /** Format: int64 */
            shares: number;
            statement_id: string;
            /**
             * Format: double
             * @description Mean over the period, in displayed TH/s.
             */
            ths: number;
            /** Format: date-time */
            to: string;
            work: string;
        };
        UnitEarnings: {
            items: components["schemas"]["UnitEarning"][];
            net_exact: string;
            /**
             * Format: int64
             * @description Its exact parts of all statements listed, summed and then rounded down.
             */
            total_sats: number;
        };
        UnitEvent: {
            /** Format: date-time */
            at: string;
            /** @description The user who did it, where one did. */
            by?: string;
            id: string;
            kind: string;
            payload: unknown;
            ref: components["schemas"]["EventRef"];
        };
        UnitMoney: {
            /** Format: int64 */
            commission_cents: number;
            /** Format: int64 */
            funded_cents: number;
            /** Format: int64 */
            held_cents: number;
            number?: string;
            postings: components["schemas"]["UnitMove"][];
            /** Format: int64 */
            refunded_cents: number;
            state?: string;
            /** Format: int64 */
            to_seller_cents: number;
            /** @description Absent if the machine was never sold. */
            trade?: string;
            unit: string;
        };
        UnitMove: {
            /** Format: int64 */
            amount_cents: number;
            /** Format: date-time */
            at: string;
            /** @enum {string} */
            kind: "funded" | "to_seller" | "commission" | "refunded";
            memo: string;
        };
        User: {
            /** Format: date-time */
            created_at: string;
            disabled: boolean;
            email: string;
            id: string;
            name: string;
            org_id: string;
            roles: string[];
            /**
             * Format: int64
             * @description Send it back with a change; a newer one refuses it.
             */
            version: number;
        };
        Verified: {
            /** Format: double */
            lower_ths: number;
            /**
             * Format: int64
             * @description Counted over; an hour at most.
             */
            seconds: number;
            /** Format: double */
            ths: number;
            /** Format: double */
            upper_ths?: number;
        };
        WatchLink: {
            account_id: string;
            /** Format: date-time */
            created_at: string;
            created_by?: string;
            /** @description Shows statements. */
            earnings: boolean;
            /** Format: date-time */
            expires_at: string;
            id: string;
            name: string;
            /** Format: date-time */
            revoked_at?: string;
            /**
             * Format: date-time
             * @description Last, by about a minute.
             */
            used_at?: string;
            /** @description Shows workers one by one. */
            workers: boolean;
        };
        WatchedStatement: {
            /** Format: int64 */
            fee_sats: number;
            /** Format: date-time */
            from: string;
            /** Format: int64 */
            net_sats: number;
            /** Format: int64 */
            shares: number;
            /** Format: date-time */
            to: string;
            work: string;
        };
        WatchedWorker: {
            /**
             * Format: int64
             * @description Of the last day.
             */
            accepted: number;
            day: components["schemas"]["Rates"];
            five_minutes: components["schemas"]["Rates"];
            hour: components["schemas"]["Rates"];
            /** Format: date-time */
            last_share_at?: string;
            /**
             * Format: int64
             * @description Of the last day.
             */
            rejected: number;
            /** @enum {string} */
            state: "new" | "online" | "slow" | "silent" | "retired";
            /** Format: date-time */
            state_since?: string;
            user: string;
        };
        Watching: {
            account: string;
            /** Format: date-time */
            at: string;
            day: components["schemas"]["WindowRates"];
            /** @description The link shows statements. */
            earnings: boolean;
            /** Format: date-time */
            expires_at: string;
            hour: components["schemas"]["WindowRates"];
            /** @description Of the link. */
            name: string;
            /** @description The window's hashrate. */
            points: components["schemas"]["SeriesPoint"][];
            worker_counts: components["schemas"]["WorkerCounts"];
            /** @description The link shows workers one by one. */
            workers: boolean;
        };
        Welcome: {
            cidr: string;
            org_id: string;
            /** Format: int64 */
            read_every_ms: number;
            /** Format: int64 */
            scan_every_ms: number;
            site_id: string;
        };
        WindowRates: {
            /** Format: double */
            lower_ths: number;
            /** Format: int64 */
            rejected: number;
            /** @description Refused submits by Stratum code. */
            rejects: {
                [key: string]: number;
            };
            /** Format: int64 */
            shares: number;
            /**
             * Format: date-time
             * @description Its first minute with work; absent when there is none.
             */
            since?: string;
            /** Format: double */
            ths: number;
            /**
             * Format: double
             * @description Absent when there is nothing to judge by.
             */
            upper_ths?: number;
            /** @description Exact sum of assigned difficulties in units of 2^-32, a decimal integer. */
            work: string;
        };
        Work: {
            /**
             * Format: int64
             * @description Of the block being worked on.
             */
            height: number;
            /**
             * Format: date-time
             * @description When the newest job went out.
             */
            job_at?: string;
            /** @description For the house alone, the preferred first. */
            nodes?: components["schemas"]["Node"][] | null;
            offered: boolean;
            /** @description Why no work is offered, or what goes wrong; for the house. */
            why?: string;
        };
        Worker: {
            /** @description What the machine calls its software. */
            agent?: string;
            /** Format: date-time */
            created_at: string;
            /** @description From a whole hour on. */
            day: components["schemas"]["WindowRates"];
            hour: components["schemas"]["WindowRates"];
            id: string;
            /** Format: date-time */
            last_share_at?: string;
            /** Format: double */
            lower_ths: number;
            name: string;
            /**
             * Format: date-time
             * @description Until then the secret before is good, too.
             */
            old_secret_until?: string;
            /**
             * @description What the machine is sold with, or its own last day.
             * @enum {string}
             */
            reference_kind?: "nominal" | "own_day";
            /**
             * Format: double
             * @description What the last hour is compared with, in displayed TH/s.
             */
            reference_ths?: number;
            /** Format: int64 */
            rejected: number;
            /** @description Refused submits by Stratum code. */
            rejects: {
                [key: string]: number;
            };
            /**
             * Format: date-time
             * @description Since then its machine works for somebody else.
             */
            retired_at?: string;
            /**
             * Format: int64
             * @description Of the machine's secret; say it to rotate it.
             */
            secret_generation?: number;
            /**
             * Format: int64
             * @description Live connections.
             */
            sessions: number;
            /** Format: int64 */
            shares: number;
            /** @enum {string} */
            state: "new" | "online" | "slow" | "silent" | "retired";
            /** Format: date-time */
            state_since?: string;
            /** Format: double */
            ths: number;
            /** @description The machine whose secret is the password; absent for a plain worker. */
            unit_id?: string;
            /**
             * Format: double
             * @description Absent when there is nothing to judge by.
             */
            upper_ths?: number;
            /** @description The Stratum username. */
            user: string;
            /**
             * Format: double
             * @description The largest that a live session has.
             */
            wire_difficulty?: number;
            /** @description Exact sum of assigned difficulties in units of 2^-32, a decimal integer. */
            work: string;
        };
        WorkerCounts: {
            /**
             * Format: int64
             * @description Never had a share.
             */
            new: number;
            /** Format: int64 */
            online: number;
            /** Format: int64 */
            retired: number;
            /**
             * Format: int64
             * @description No share for five minutes or longer.
             */
            silent: number;
            /**
             * Format: int64
             * @description Their last hour is below what they are good for, beyond chance.
             */
            slow: number;
            /** Format: int64 */
            total: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    "agent-commands": {
        parameters: {
            query: {
                /** @description From hello. */
                site: string;
                /** @description The asking agent, the same across its restarts. */
                agent?: string;
                /** @description Commands that the agent carries out or has a result of, with commas between. */
                knows?: string;
                /** @description Seconds to wait for something to do. */
                wait?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageCommand"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "agent-result": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Result"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Redirect"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "agent-hello": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Hello"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Welcome"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "agent-sightings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Sightings"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Received"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-audit": {
        parameters: {
            query?: {
                /** @description next of the page before. */
                cursor?: string;
                limit?: number;
                /** @description Only commands on things of this kind. */
                ref_kind?: string;
                /** @description Only commands on this thing. */
                ref_id?: string;
                /** @description Only commands whose name begins so, as user or user.password. */
                command?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageAuditRow"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "verify-audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageReport"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-desk": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Desk"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "stream-events": {
        parameters: {
            query?: {
                /** @description Same as Last-Event-ID. */
                since?: string;
            };
            header?: {
                /** @description Resume after this message. */
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A stream: first hello {seq, resumed, every_ms, at}, then a message per event, and tick {at} every every_ms. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "export-fleet": {
        parameters: {
            query?: {
                site?: string;
                rack?: string;
                health?: "offline" | "elsewhere" | "dead_board" | "hot" | "gap" | "slow" | "quarantined" | "unread" | "ok";
                model?: string;
                /** @description Only machines with something to look at. */
                attention?: boolean;
                /** @description Part of a serial, MAC, address or place. */
                q?: string;
                sort?: "worst" | "serial" | "model" | "hashrate" | "temp" | "ratio" | "place";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    "Content-Disposition"?: string;
                    "Content-Type"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "export-ledger": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    "Content-Disposition"?: string;
                    "Content-Type"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "export-pool-workers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    "Content-Disposition"?: string;
                    "Content-Type"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "export-units": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    "Content-Disposition"?: string;
                    "Content-Type"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-fleet-alerts": {
        parameters: {
            query?: {
                /** @description Where the page before ended. */
                cursor?: string;
                /** @description Items a page; 0 means 100. */
                limit?: number;
                /** @description Only of this machine. */
                miner?: string;
                /** @description Also those that are over. */
                all?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageAlert"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "acknowledge-fleet-alert": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alert"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-machines": {
        parameters: {
            query?: {
                /** @description Where the page before ended. */
                cursor?: string;
                /** @description Items a page; 0 means 100. */
                limit?: number;
                site?: string;
                rack?: string;
                health?: "offline" | "elsewhere" | "dead_board" | "hot" | "gap" | "slow" | "quarantined" | "unread" | "ok";
                model?: string;
                /** @description Only machines with something to look at. */
                attention?: boolean;
                /** @description Part of a serial, MAC, address or place. */
                q?: string;
                sort?: "worst" | "serial" | "model" | "hashrate" | "temp" | "ratio" | "place";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MachinePage"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-machine": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Machine"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "fleet-map": {
        parameters: {
            query?: {
                /** @description Only this site. */
                site?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SiteMap"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "fleet-summary": {
        parameters: {
            query?: {
                /** @description Only this site. */
                site?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FleetSummary"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-instruments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageInstrument"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-book": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Book"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-candles": {
        parameters: {
            query?: {
                /** @description Length of a candle: 30s, 1m, 5m, 1h, 1d … */
                step?: string;
                /** @description Leave out what is older. */
                since?: string;
                /** @description The newest so many; 0 means 100. */
                limit?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageCandle"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "halt-trading": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Turn"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Book"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "resume-trading": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Turn"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Book"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-tape": {
        parameters: {
            query?: {
                /** @description Where the page before ended. */
                cursor?: string;
                /** @description Items a page; 0 means 100. */
                limit?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageFill"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-invitations": {
        parameters: {
            query?: {
                /** @description next of the page before. */
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageInvitation"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    invite: {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["InviteIn"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitation"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "revoke-invitation": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitation"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "resend-invitation": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitation"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    join: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Acceptance"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Joined"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "look-invitation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LinkIn"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Offer"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-keys": {
        parameters: {
            query?: {
                /** @description next of the page before. */
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageKey"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "add-key": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AddKeyIn"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewKey"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "revoke-key": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageAccount"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-entries": {
        parameters: {
            query?: {
                /** @description Where the page before ended. */
                cursor?: string;
                /** @description Items a page; 0 means 100. */
                limit?: number;
                /** @description Only about one thing: trade:<id>, statement:<id>, payout:<id>. */
                ref?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageEntry"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-trial-balance": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrialBalance"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "begin-factor": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EnrolmentIn"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Enrolment"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-factors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Factors"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "add-factor": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AddFactorInBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewFactor"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "remove-factor": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "change-password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordIn"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "new-recovery-codes": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Codes"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-sessions": {
        parameters: {
            query?: {
                /** @description next of the page before. */
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageSession"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "end-other-sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ended"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "end-session": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-miners": {
        parameters: {
            query?: {
                /** @description Where the page before ended. */
                cursor?: string;
                /** @description Items a page; 0 means 100. */
                limit?: number;
                /** @description Only the machines of this site. */
                site?: string;
                /** @description Only this unit, as each of your agents sees it. */
                unit?: string;
                /** @description Part of a serial, MAC or address. */
                q?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageMiner"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-miner": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Miner"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "place-miner": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlaceInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Miner"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "redirect-miner": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RedirectInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Redirect"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageModel"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-orders": {
        parameters: {
            query?: {
                /** @description Where the page before ended. */
                cursor?: string;
                /** @description Items a page; 0 means 100. */
                limit?: number;
                /** @description Only of this instrument. */
                instrument?: string;
                /** @description Only in this state. */
                state?: "placing" | "open" | "filled" | "cancelled" | "rejected";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageOrder"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "place-order": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewOrder"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Order"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "cancel-orders": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CancelAllInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CancelledOrders"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-order": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Order"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "cancel-order": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Order"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "amend-order": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Amendment"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Order"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "ask-password-reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResetAsk"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "use-password-reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResetUse"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-payout-address": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PayoutAddress"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "set-payout-address": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetAddressInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PayoutAddress"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-payouts": {
        parameters: {
            query?: {
                /** @description Where the page before ended. */
                cursor?: string;
                /** @description Items a page; 0 means 100. */
                limit?: number;
                state?: "requested" | "reserved" | "awaiting_signature" | "signed" | "broadcast" | "confirmed" | "refused";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PagePayout"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-payout": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Payout"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-pool": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PoolInfo"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-pool-accounts": {
        parameters: {
            query?: {
                /** @description Where the page before ended. */
                cursor?: string;
                /** @description Items a page; 0 means 100. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PagePoolAccount"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-pool-account": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PoolAccount"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "set-pool-terms": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewTerms"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Terms"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-pool-blocks": {
        parameters: {
            query?: {
                /** @description Where the page before ended. */
                cursor?: string;
                /** @description Items a page; 0 means 100. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageBlock"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-pool-chart": {
        parameters: {
            query?: {
                window?: "1h" | "24h" | "7d" | "30d" | "1y";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PoolChart"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-pool-epoch-fees": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EpochFees"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-pool-hashprice": {
        parameters: {
            query?: {
                window?: "1h" | "24h" | "7d" | "30d" | "1y";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageHashprice"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-pool-luck": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageLuck"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-pool-overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PoolOverview"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-bitcoin-prices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageBitcoinPrice"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "set-bitcoin-price": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewBitcoinPrice"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BitcoinPrice"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-pool-refusals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusals"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-pool-reserve": {
        parameters: {
            query?: {
                /** @description What is set aside; the chances of ruin are for it. */
                reserve_sats?: number;
                /** @description The chance of ruin that is allowed. */
                delta?: number;
                /** @description Coefficient of variation of a block's reward, for fees that spike. */
                reward_cv?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reserve"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-pool-rounds": {
        parameters: {
            query?: {
                /** @description Ended rounds; 0 means 20. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageRound"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-pool-sessions": {
        parameters: {
            query?: {
                /** @description Of one machine only. */
                unit?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PagePoolSession"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-pool-statement-key": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatementKey"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-pool-statements": {
        parameters: {
            query?: {
                /** @description Where the page before ended. */
                cursor?: string;
                /** @description Items a page; 0 means 100. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageStatement"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-pool-statement": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatementDetail"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "pool-statement-csv": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    "Content-Disposition"?: string;
                    "Content-Type"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-pool-statement-file": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    "Content-Disposition"?: string;
                    "Content-Type"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": string;
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-pool-statement-proof": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                worker: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatementProof"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-pool-status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Status"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-pool-unit-devices": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageDevice"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-pool-unit-earnings": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnitEarnings"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-pool-unit-series": {
        parameters: {
            query?: {
                /** @description RFC 3339; the last 24 hours when absent. */
                since?: string;
                /** @description Whole minutes, like 60s or 5m; a minute when absent. */
                step?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageSeriesPoint"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-pool-unit-work": {
        parameters: {
            query?: {
                /** @description One rate epoch only. */
                epoch?: string;
                /** @description Rows; 0 means 100. */
                limit?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageBookedWork"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "watch-pool": {
        parameters: {
            query?: {
                window?: "1h" | "24h" | "7d" | "30d" | "1y";
            };
            header: {
                /** @description The link's token. */
                "Watch-Token": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Watching"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-watch-links": {
        parameters: {
            query?: {
                /** @description Where the page before ended. */
                cursor?: string;
                /** @description Items a page; 0 means 100. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageWatchLink"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "add-watch-link": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewWatchLink"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeWatchLink"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "revoke-watch-link": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WatchLink"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "watch-pool-earnings": {
        parameters: {
            query?: {
                /** @description Where the page before ended. */
                cursor?: string;
                /** @description Items a page; 0 means 100. */
                limit?: number;
            };
            header: {
                /** @description The link's token. */
                "Watch-Token": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageWatchedStatement"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "watch-pool-workers": {
        parameters: {
            query?: {
                /** @description Where the page before ended. */
                cursor?: string;
                /** @description Items a page; 0 means 100. */
                limit?: number;
                /** @description Hashrates, refusals and states are those of the last look, at most about half a minute ago. */
                sort?: "created" | "name" | "ths_5m" | "ths_1h" | "ths_24h" | "last_share" | "rejects" | "state";
                order?: "asc" | "desc";
                /** @description One or more, with commas between: new, online, slow, silent, retired. */
                state?: string;
                /** @description A part of the username. */
                q?: string;
                /** @description Of one machine only. */
                unit?: string;
                /** @description Of one account only; for the house. */
                account?: string;
            };
            header: {
                /** @description The link's token. */
                "Watch-Token": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageWatchedWorker"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "count-pool-workers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkerCounts"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-pool-workers": {
        parameters: {
            query?: {
                /** @description Where the page before ended. */
                cursor?: string;
                /** @description Items a page; 0 means 100. */
                limit?: number;
                /** @description Hashrates, refusals and states are those of the last look, at most about half a minute ago. */
                sort?: "created" | "name" | "ths_5m" | "ths_1h" | "ths_24h" | "last_share" | "rejects" | "state";
                order?: "asc" | "desc";
                /** @description One or more, with commas between: new, online, slow, silent, retired. */
                state?: string;
                /** @description A part of the username. */
                q?: string;
                /** @description Of one machine only. */
                unit?: string;
                /** @description Of one account only; for the house. */
                account?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageWorker"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "add-pool-worker": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewWorker"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Worker"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-pool-worker": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Worker"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-pool-worker-devices": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageDevice"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-pool-worker-forensics": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Forensics"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "rotate-pool-secret": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RotateSecret"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RotatedSecret"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-pool-worker-series": {
        parameters: {
            query?: {
                /** @description RFC 3339; the last 24 hours when absent. */
                since?: string;
                /** @description Whole minutes, like 60s or 5m; a minute when absent. */
                step?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageSeriesPoint"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-pool-worker-work": {
        parameters: {
            query?: {
                /** @description One rate epoch only. */
                epoch?: string;
                /** @description Rows; 0 means 100. */
                limit?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageBookedWork"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-plans": {
        parameters: {
            query?: {
                /** @description Where the page before ended. */
                cursor?: string;
                /** @description Items a page; 0 means 100. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageRedirectPlan"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "start-plan": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlanAsk"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RedirectPlan"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "dry-run-plan": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlanAsk"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DryRun"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-plan": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RedirectPlan"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "halt-plan": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RedirectPlan"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "resume-plan": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RedirectPlan"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "roll-back-plan": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RedirectPlan"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-redirects": {
        parameters: {
            query?: {
                /** @description Where the page before ended. */
                cursor?: string;
                /** @description Items a page; 0 means 100. */
                limit?: number;
                /** @description Only redirects of this unit. */
                unit?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageRedirect"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-redirect": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Redirect"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-sanctions-lists": {
        parameters: {
            query?: {
                /** @description next of the page before. */
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageList"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "import-sanctions-list": {
        parameters: {
            query: {
                /** @description Whose list, as OFAC SDN. */
                source: string;
                /** @description The day the list is of. */
                dated: string;
            };
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "text/csv": string;
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["List"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    search: {
        parameters: {
            query: {
                /** @description A serial or MAC, T-2187, an order's last six characters, S-0931 or a tracking number, a transaction's or payment's id, a block's height or hash. */
                q: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchResult"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "sign-in": {
        parameters: {
            query?: never;
            header?: {
                "User-Agent"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignInInBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "sign-out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "challenge-passkey": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasskeyOptions"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "show-factor": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProofInBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "begin-passkey-sign-in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasskeyOptions"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "passkey-sign-in": {
        parameters: {
            query?: never;
            header?: {
                "User-Agent"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasskeySignInInBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-shipments": {
        parameters: {
            query?: {
                /** @description Where the page before ended. */
                cursor?: string;
                /** @description Items a page; 0 means 100. */
                limit?: number;
                /** @description Only the shipment of this trade. */
                trade?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageShipment"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-shipment": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Shipment"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "arrive-shipment": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Shipment"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-bench": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Bench"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "dispatch-shipment": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DispatchInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Shipment"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "except-shipment": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExceptInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Shipment"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "pallet-labels-pdf": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    "Content-Disposition"?: string;
                    "Content-Type"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/pdf": string;
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "plan-legs": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LegsInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Bench"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "packing-list-csv": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    "Content-Disposition"?: string;
                    "Content-Type"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "packing-list-pdf": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    "Content-Disposition"?: string;
                    "Content-Type"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/pdf": string;
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "scan-shipment": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ScanInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Scan"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-stray": {
        parameters: {
            query: {
                serial: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Stray"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "undo-scan": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UndoInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Scan"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-sites": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageSite"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "add-site": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AddSiteInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Site"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-trades": {
        parameters: {
            query?: {
                /** @description Where the page before ended. */
                cursor?: string;
                /** @description Items a page; 0 means 100. */
                limit?: number;
                /** @description Only in this state. */
                state?: "matched" | "funded" | "shipped" | "delivered" | "proving" | "proven" | "released" | "refuted" | "disputed" | "cancelled";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageTrade"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-trade": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trade"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "decide-trade": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BrokerageDecision"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trade"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "dispute-trade": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Dispute"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trade"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "fund-trade": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trade"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "trade-manifest-csv": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    "Content-Disposition"?: string;
                    "Content-Type"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-treasury": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Treasury"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "freeze-payouts": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FreezeInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PayoutFreeze"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    reconcile: {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reconciliation"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-reconciliations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageReconciliation"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-turns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Turns"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-units": {
        parameters: {
            query?: {
                /** @description Where the page before ended. */
                cursor?: string;
                /** @description Items a page; 0 means 100. */
                limit?: number;
                /** @description Part of a serial or MAC. */
                q?: string;
                /** @description These machines, as far as you may read them. */
                ids?: string[] | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageUnit"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "import-units": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ImportInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Import"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "check-import": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Import"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-unit": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Unit"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-unit-custody": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageCustody"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-unit-events": {
        parameters: {
            query?: {
                /** @description Where the page before ended. */
                cursor?: string;
                /** @description Items a page; 0 means 100. */
                limit?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageUnitEvent"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-unit-money": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnitMoney"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-unit-readings": {
        parameters: {
            query?: {
                /** @description Default: one hour ago. */
                since?: string;
                /** @description Seconds a point; 0 means 60. */
                step?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PagePoint"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "shelve-unit": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ShelfInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Unit"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-users": {
        parameters: {
            query?: {
                /** @description next of the page before. */
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageUser"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "change-user": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeUserInBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "reset-factors": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "end-sessions-of": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ended"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-verification": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Standing"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "submit-verification": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Details"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Standing"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-verifications": {
        parameters: {
            query?: {
                /** @description next of the page before. */
                cursor?: string;
                limit?: number;
                /** @description Only these. */
                state?: "unverified" | "submitted" | "verified" | "refused" | "suspended";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageSubject"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-verification-of": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                org: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Dossier"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "decide-verification": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path: {
                org: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Decision"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Dossier"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-webhooks": {
        parameters: {
            query?: {
                /** @description next of the page before. */
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageHook"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "add-webhook": {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AddHookIn"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewHook"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "stripe-webhook": {
        parameters: {
            query?: never;
            header: {
                "Stripe-Signature": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BrokerageReceived"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "remove-webhook": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Hook"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-deliveries": {
        parameters: {
            query?: {
                /** @description next of the page before. */
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageDelivery"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    redeliver: {
        parameters: {
            query?: never;
            header: {
                /** @description Any unique text of up to 255 characters. Send the same again to retry: the first answer is replayed. */
                "Idempotency-Key": string;
            };
            path: {
                id: string;
                delivery: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Delivery"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-world": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-world-mails": {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageLetter"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
}
