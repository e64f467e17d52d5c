import { Modal } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/client';
import { useMe } from '../../api/queries';
import type { Site } from '../../api/types';
import { Copy } from '../../parts/Actions';
import { Denied, Failed } from '../../parts/States';

interface Made { site: Site; secret: string | null }

/** Makes a site and, for who may, the key of its agent; then says what to run. */
export function AddSite({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const [name, setName] = useState('');
  const [cidr, setCidr] = useState('');
  const mayKey = useMe().data?.can.includes('keys.write') ?? false;
  const client = useQueryClient();
  const add = useMutation({
    mutationFn: async (): Promise<Made> => {
      const site = await call<Site>('POST', '/sites', { body: { name: name.trim(), cidr: cidr.trim() } });
      if (!mayKey) return { site, secret: null };
      const key = await call<{ secret?: string }>('POST', '/keys', { body: { name: `agent ${site.name}`.slice(0, 60), roles: ['agent'] } });
      return { site, secret: key.secret ?? null };
    },
    onSuccess: () => void client.invalidateQueries({ queryKey: ['fleet'] }),
  });
  const close = () => { add.reset(); setName(''); setCidr(''); onClose(); };
  return (
    <Modal opened={opened} onClose={close} title={add.data ? `Site ${add.data.site.name} is made` : 'Add a site'} centered shadow="none" size={560}>
      {add.data ? <Run made={add.data} /> : (
        <form className="bench-form fl-form" onSubmit={(ev) => { ev.preventDefault(); add.mutate(); }}>
          <label>Name<input className="input" value={name} onChange={(ev) => setName(ev.currentTarget.value)} maxLength={60} required data-autofocus /></label>
          <label>Network of its machines, the only addresses its agent may touch
            <input className="input mono" value={cidr} onChange={(ev) => setCidr(ev.currentTarget.value)} placeholder="10.0.0.0/24" required spellCheck={false} />
          </label>
          {add.isError && <Failed what="Site not made" error={add.error} />}
          <button type="submit" className="btn btn-primary" disabled={add.isPending}>Make the site <kbd className="kbd">↵</kbd></button>
        </form>
      )}
    </Modal>
  );
}

function Run({ made: { site, secret } }: { made: Made }) {
  const command = `hashyard agent --yard ${location.origin} --site "${site.name}" --cidr ${site.cidr} --dir ./agent`;
  return (
    <div className="bench-form fl-form">
      <p>Run this on a computer inside {site.cidr}. It finds machines by itself; you see them here within minutes.</p>
      <pre className="fl-command mono">{command}</pre>
      <Copy text={command} label="command" />
      {secret ? (
        <>
          <p>Its key, told this once. Give it in the environment:</p>
          <pre className="fl-command mono">HASHYARD_AGENT_KEY={secret}</pre>
          <Copy text={`HASHYARD_AGENT_KEY=${secret}`} label="key" />
        </>
      ) : <Denied needs="the agent’s key is made by the owner: a key with the role agent, given as HASHYARD_AGENT_KEY" />}
    </div>
  );
}
