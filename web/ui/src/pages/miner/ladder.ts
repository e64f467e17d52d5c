import type { Redirect } from '../../api/types';
import type { Rung } from '../../parts/Ladder';

type State = Redirect['state'];

/** The rungs a person reads; what the agent does in one go is one after another here. */
const RUNGS: readonly { state: State; name: string; todo: string }[] = [
  { state: 'requested', name: 'Planned', todo: '' },
  { state: 'sent', name: 'Commanded', todo: 'the agent asks for it' },
  { state: 'identity_checked', name: 'Identity checked', todo: 'serial, MAC and boards are read again' },
  { state: 'snapshotted', name: 'Snapshot kept', todo: 'old slots are sealed before a write' },
  { state: 'acknowledged', name: 'Acknowledged', todo: 'not proof' },
  { state: 'read_back_equal', name: 'Read back equal', todo: 'every slot as wanted' },
  { state: 'hashing', name: 'Hashing at our pool', todo: 'the pool sees its worker' },
];

export function rungsOf(r: Pick<Redirect, 'state' | 'steps'>): Rung[] {
  const reached = new Map(r.steps.map((s) => [s.state, s]));
  const next = RUNGS.find((x) => !reached.has(x.state));
  return RUNGS.map((x) => {
    const step = reached.get(x.state);
    const facts = step?.detail ?? (x.state === next?.state || !step ? x.todo : '');
    const live = r.state !== 'failed' && x.state === next?.state;
    return {
      name: x.name, kind: step ? 'done' : live ? 'live' : 'todo', ...(step && { at: step.at }),
      ...(facts && { fact: facts }), ...(x.state === 'acknowledged' && step && { hollow: true }),
    };
  });
}

/** Why a redirect is off the ladder and what a person does next, in words. */
export function offLadder(r: Pick<Redirect, 'state' | 'reason'>): { cause: string; next: string } | null {
  if (r.state !== 'failed') return null;
  const cause = r.reason ?? 'no reason was told';
  const found = NEXT.find(([words]) => words.test(cause));
  return { cause: cause.charAt(0).toUpperCase() + cause.slice(1), next: found?.[1] ?? 'Open the machine, mend the cause, then redirect again.' };
}

const NEXT: readonly (readonly [RegExp, string])[] = [
  [/pool lock/, 'Its former owner must release the signed pool file; then redirect again.'],
  [/identity mismatch|serial is|MAC is|hashboards are/, 'Look at the machine: its parts are not those on the books. Accept the difference or send it back.'],
  [/custody/, 'It is in other hands now; nothing more is written.'],
  [/no answer from the agent/, 'See that the agent runs and reaches the machine; reading the slots again tells what they are. Then redirect again.'],
  [/still has|instead of|another password/, 'The machine acknowledged but kept its old setting. Redirect again; if it does so twice, set it by hand.'],
  [/unauthor|401|password/i, 'Set the password of its web page at the agent, then redirect again.'],
  [/write access|cannot be written|cannot be read back/, 'This firmware does not let its pools be set; set them by hand on its web page.'],
  [/halted/, 'Resume the plan or redirect it alone.'],
];
