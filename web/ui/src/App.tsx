import { lazy, Suspense } from 'react';
import { Navigate, Route, Routes } from 'react-router';
import { useMe } from './api/queries';
import { SignedIn } from './frame/Shell';
import { homeOf } from './pages/home';
import { NextShipment } from './pages/bench/NextShipment';
import { JoinPage } from './pages/JoinPage';
import { NotFoundPage } from './pages/NotFoundPage';
import { ResetPage } from './pages/ResetPage';
import { SignInPage } from './pages/SignInPage';
import { TradePage } from './pages/trade/TradePage';
import { TradesPage } from './pages/trade/TradesPage';
import { WelcomePage } from './pages/WelcomePage';
import { SkeletonBlock } from './parts/States';

// Pages with charts, and those seldom seen, come when they are opened.
const MarketPage = lazy(() => import('./pages/market/MarketPage'));
const BenchPage = lazy(() => import('./pages/bench/BenchPage'));
const ShipmentsPage = lazy(() => import('./pages/bench/ShipmentsPage'));
const ImportPage = lazy(() => import('./pages/bench/ImportPage'));
const PoolOverviewPage = lazy(() => import('./pages/pool/OverviewPage'));
const WorkersPage = lazy(() => import('./pages/pool/WorkersPage'));
const WorkerPage = lazy(() => import('./pages/pool/WorkerPage'));
const WatchersPage = lazy(() => import('./pages/pool/WatchersPage'));
const TermsPage = lazy(() => import('./pages/pool/TermsPage'));
const WatchPage = lazy(() => import('./pages/pool/WatchPage'));
const StatusPage = lazy(() => import('./pages/pool/StatusPage'));
const BlocksPage = lazy(() => import('./pages/pool/BlocksPage'));
const StatementsPage = lazy(() => import('./pages/statement/StatementsPage'));
const StatementPage = lazy(() => import('./pages/statement/StatementPage'));
const DeskPage = lazy(() => import('./pages/desk/DeskPage'));
const VerificationsPage = lazy(() => import('./pages/desk/VerificationsPage'));
const SanctionsPage = lazy(() => import('./pages/desk/SanctionsPage'));
const MembersPage = lazy(() => import('./pages/org/MembersPage'));
const StandingPage = lazy(() => import('./pages/org/StandingPage'));
const WebhooksPage = lazy(() => import('./pages/org/WebhooksPage'));
const AuditPage = lazy(() => import('./pages/org/AuditPage'));
const FleetPage = lazy(() => import('./pages/fleet/FleetPage'));
const UnitsPage = lazy(() => import('./pages/fleet/UnitsPage'));
const MinerPage = lazy(() => import('./pages/miner/MinerPage'));
const WalletPage = lazy(() => import('./pages/wallet/WalletPage'));
const PayoutsPage = lazy(() => import('./pages/wallet/PayoutsPage'));
const TreasuryPage = lazy(() => import('./pages/treasury/TreasuryPage'));
const RedirectsPage = lazy(() => import('./pages/redirects/RedirectsPage'));
const PlanPage = lazy(() => import('./pages/redirects/PlanPage'));
const SecurityPage = lazy(() => import('./pages/account/SecurityPage'));
const LifeLinePage = lazy(() => import('./pages/lifeline/LifeLinePage'));

export function App() {
  return (
    <Suspense fallback={<SkeletonBlock />}>
      <Routes>
        <Route path="/signin" element={<SignInPage />} />
        <Route path="/join" element={<JoinPage />} />
        <Route path="/reset" element={<ResetPage />} />
        <Route path="/watch" element={<WatchPage />} />
        <Route path="/status" element={<StatusPage />} />
        <Route path="/welcome" element={<WelcomePage />} />
        <Route element={<SignedIn />}>
          <Route index element={<Home />} />
          <Route path="market/:instrument?" element={<MarketPage />} />
          <Route path="trades" element={<TradesPage />} />
          <Route path="trades/:id" element={<TradePage />} />
          <Route path="units/:id" element={<LifeLinePage />} />
          <Route path="fleet" element={<FleetPage />} />
          <Route path="fleet/units" element={<UnitsPage />} />
          <Route path="miners/:id" element={<MinerPage />} />
          <Route path="redirects" element={<RedirectsPage />} />
          <Route path="redirects/:id" element={<PlanPage />} />
          <Route path="logistics" element={<NextShipment />} />
          <Route path="logistics/all" element={<ShipmentsPage />} />
          <Route path="logistics/import" element={<ImportPage />} />
          <Route path="logistics/:shipment" element={<BenchPage />} />
          <Route path="pool" element={<PoolOverviewPage />} />
          <Route path="pool/workers" element={<WorkersPage />} />
          <Route path="pool/workers/:id" element={<WorkerPage />} />
          <Route path="pool/blocks" element={<BlocksPage />} />
          <Route path="pool/terms" element={<TermsPage />} />
          <Route path="pool/watchers" element={<WatchersPage />} />
          <Route path="pool/statements" element={<StatementsPage />} />
          <Route path="pool/statements/:id" element={<StatementPage />} />
          <Route path="money" element={<WalletPage />} />
          <Route path="money/payouts" element={<PayoutsPage />} />
          <Route path="treasury" element={<TreasuryPage />} />
          <Route path="desk" element={<DeskPage />} />
          <Route path="desk/verifications/:org?" element={<VerificationsPage />} />
          <Route path="desk/sanctions" element={<SanctionsPage />} />
          <Route path="organisation" element={<MembersPage />} />
          <Route path="organisation/verification" element={<StandingPage />} />
          <Route path="organisation/webhooks" element={<WebhooksPage />} />
          <Route path="organisation/audit" element={<AuditPage />} />
          <Route path="account/security" element={<SecurityPage />} />
          <Route path="*" element={<NotFoundPage />} />
        </Route>
      </Routes>
    </Suspense>
  );
}

function Home() {
  const me = useMe().data;
  return <Navigate to={homeOf(me?.roles ?? [])} replace />;
}
