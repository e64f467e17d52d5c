import { Modal } from '@mantine/core';
import { useLocation } from 'react-router';
import { useMe } from '../api/queries';
import { Kbd } from '../parts/Parts';
import { keysFor } from './keys';

export function KeysHelp({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { pathname } = useLocation();
  const can = useMe().data?.can ?? [];
  return (
    <Modal opened={opened} onClose={onClose} title="Keys" size={640}>
      <div className="keys-help">
        {keysFor(pathname, can).map((g) => (
          <section key={g.name}>
            <h3 className="b">{g.name}</h3>
            <dl>
              {g.keys.map(([k, what]) => (
                <div key={k}>
                  <dt>{k.split(' ').map((x) => <Kbd key={x}>{x}</Kbd>)}</dt>
                  <dd className="t2">{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p className="sm t3 keys-foot">
        Price charts: TradingView Lightweight Charts™, © 2025 <a href="https://www.tradingview.com/" rel="noreferrer">TradingView, Inc.</a>
      </p>
    </Modal>
  );
}
