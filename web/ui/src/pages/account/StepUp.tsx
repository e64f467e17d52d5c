import { Modal } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { onStepUp } from '../../api/client';
import { meQuery, useMe } from '../../api/queries';
import { ShowFactor } from './ShowFactor';
import './account.css';

/** The dialog for what asks for a factor anew; the request that asked goes on after it. */
export function StepUp() {
  const me = useMe().data;
  const client = useQueryClient();
  const [answer, setAnswer] = useState<((shown: boolean) => void) | null>(null);
  useEffect(() => {
    onStepUp(() => new Promise((resolve) => setAnswer(() => resolve)));
    return () => onStepUp(null);
  }, []);
  const end = (shown: boolean) => {
    answer?.(shown);
    setAnswer(null);
  };
  if (!me) return null;
  return (
    <Modal opened={answer !== null} onClose={() => end(false)} title="Confirm that it is you" size={420}>
      <p className="t2 factor-why">
        This moves money or gives rights, so it asks for your second factor. For ten minutes nothing else will.
      </p>
      <ShowFactor
        me={me}
        onShown={(now) => {
          client.setQueryData(meQuery.queryKey, now);
          end(true);
        }}
      />
    </Modal>
  );
}
