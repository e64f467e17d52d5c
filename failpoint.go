package hashyard

// Failpoint names a step at which a crash matters: what was true before it
// must be true, or be made true, after the next start. In an ordinary build
// Hit does nothing; a build with the tag failpoints can be told to kill itself
// at one.
type Failpoint string

// The failpoints, in the order of the things they belong to. "In" a commit is
// right before it, with everything written; "after" is right behind it, with
// nobody told.
const (
	// A share, from its verdict to the accounts.
	AtShareVerified  Failpoint = "share.verified"      // judged good, not in the log
	AtSharePublish   Failpoint = "share.publish"       // a batch is about to be written
	AtShareDurable   Failpoint = "share.durable"       // a batch is on disk, nobody told
	AtShareAnswer    Failpoint = "share.answer"        // told by the log, before true goes out
	AtShareAnswered  Failpoint = "share.answered"      // true is out
	AtShareRead      Failpoint = "share.read"          // a batch is read back for the accounts
	AtShareApply     Failpoint = "share.apply.commit"  // in the commit of aggregates and position
	AtShareApplied   Failpoint = "share.apply.after"   // after it
	AtBlockFound     Failpoint = "share.block.found"   // a block, nowhere kept
	AtBlockSaved     Failpoint = "share.block.saved"   // kept
	AtBlockJudged    Failpoint = "share.block.judged"  // handed in, the verdict not kept
	AtBlockVerdict   Failpoint = "share.block.verdict" // verdict kept
	AtEpochCommitted Failpoint = "share.epoch.after"   // a rate is kept, its first job not out

	// A share that an edge has taken; arrived and kept kill the yard, all others
	// the edge's own process.
	AtEdgeGrant     Failpoint = "edge.grant"     // the yard lets a worker in, nobody told
	AtEdgeJob       Failpoint = "edge.job"       // a job came, no miner has it
	AtEdgeForward   Failpoint = "edge.forward"   // a stretch of its log is about to go
	AtEdgeArrived   Failpoint = "edge.arrived"   // the yard has it, nowhere kept
	AtEdgeKept      Failpoint = "edge.kept"      // durable there, the edge not told
	AtEdgeForwarded Failpoint = "edge.forwarded" // the edge knows, nothing noted
	AtEdgeFound     Failpoint = "edge.found"     // a block is kept at the edge, not sent
	AtEdgeHanded    Failpoint = "edge.handed"    // the yard has it, the file is still there
	AtEdgeFlush     Failpoint = "edge.flush"     // all accepted is at the yard, which is not told

	// An order and its trade.
	AtOrderStored   Failpoint = "order.stored"         // placing, units free
	AtOrderReserved Failpoint = "order.reserved"       // units held, the market not asked
	AtMarketCommit  Failpoint = "order.market.commit"  // in the journal's commit
	AtMarketAck     Failpoint = "order.market.ack"     // committed, nobody told
	AtTakeOver      Failpoint = "order.market.epoch"   // a new fencing epoch is kept
	AtOrderRejected Failpoint = "order.rejected"       // ended, units not free yet
	AtCancelNoted   Failpoint = "order.cancel.noted"   // in the audit trail, still in the book
	AtTradeCommit   Failpoint = "trade.commit"         // in any change of a trade
	AtTradeChanged  Failpoint = "trade.changed"        // after it
	AtFundOpened    Failpoint = "trade.fund.opened"    // a key for the payment is kept, the rail not asked
	AtFundCalled    Failpoint = "trade.fund.called"    // the rail has opened it, not recorded
	AtPartyMade     Failpoint = "trade.party.made"     // the rail knows an organisation, we do not know it does
	AtTransfer      Failpoint = "trade.transfer.call"  // before the rail sends money
	AtTransferred   Failpoint = "trade.transfer.after" // it has, not recorded

	// A webhook.
	AtWebhookVerified Failpoint = "webhook.verified" // its signature is good
	AtWebhookRead     Failpoint = "webhook.read"     // the payment was read afresh
	AtWebhookCommit   Failpoint = "webhook.commit"   // in its commit
	AtWebhookDone     Failpoint = "webhook.done"     // committed, not answered

	// The ledger and every transaction.
	AtLedgerPosted Failpoint = "ledger.posted"    // an entry is written, not committed
	AtEarnings     Failpoint = "ledger.earnings"  // a statement is booked, the event not settled
	AtTxCommit     Failpoint = "ledger.tx.commit" // before any commit at all
	AtTxCommitted  Failpoint = "ledger.tx.after"  // after any

	// A payout; those of the signer kill the signer's own process.
	AtPayoutRequested Failpoint = "payout.requested"      // it exists
	AtPayoutReserved  Failpoint = "payout.reserved"       // coins held
	AtPayoutAsk       Failpoint = "payout.sign.ask"       // the signer is about to be asked
	AtPayoutSignature Failpoint = "payout.sign.got"       // signed, not kept by us
	AtPayoutSigned    Failpoint = "payout.signed"         // bytes and ledger entry kept, not sent
	AtPayoutBroadcast Failpoint = "payout.broadcast"      // sent, not recorded
	AtPayoutSent      Failpoint = "payout.sent"           // recorded
	AtPayoutConfirmed Failpoint = "payout.confirmed"      // final
	AtScanConnect     Failpoint = "payout.scan.commit"    // in the commit of a scanned block
	AtScanConnected   Failpoint = "payout.scan.after"     // after it
	AtScanUndone      Failpoint = "payout.scan.undone"    // a block that left the chain is taken back
	AtSignerDecided   Failpoint = "payout.signer.decided" // signed in memory
	AtSignerKept      Failpoint = "payout.signer.kept"    // in the signer's journal, not answered
	AtSignerEnrolled  Failpoint = "payout.signer.enrolled"

	// The outbox.
	AtOutboxClaimed Failpoint = "outbox.claimed" // leased, no handler has run
	AtOutboxHandled Failpoint = "outbox.handled" // one handler has, the row is open
	AtOutboxDone    Failpoint = "outbox.done"    // the row is closed

	// A redirect; those of the agent kill the agent's own process.
	AtRedirectMade   Failpoint = "redirect.made"            // kept with its command
	AtRedirectLeased Failpoint = "redirect.leased"          // given to an agent that never gets it
	AtRedirectResult Failpoint = "redirect.result"          // the result is kept, the agent not told
	AtAgentSnapshot  Failpoint = "redirect.agent.snapshot"  // old pools on disk, nothing written
	AtAgentWrite     Failpoint = "redirect.agent.write"     // the machine is about to be written to
	AtAgentWritten   Failpoint = "redirect.agent.written"   // written, not read back
	AtAgentReadBack  Failpoint = "redirect.agent.read-back" // read back, no result on disk
	AtAgentResult    Failpoint = "redirect.agent.result"    // result on disk, not sent
	AtAgentPosted    Failpoint = "redirect.agent.posted"    // the yard has it, the file is still there

	// Custody, scans and shipments.
	AtCustodyCommit Failpoint = "scan.commit"  // in any change of units, scans and shipments
	AtCustodyAfter  Failpoint = "scan.changed" // after it
	AtScanCounted   Failpoint = "scan.counted" // a scan counts, nobody told
	AtShipmentMoved Failpoint = "scan.moved"   // a shipment went a step further, nobody told

	// Pricing and proofs.
	AtPeriodPriced  Failpoint = "settlement.priced"   // statements computed and written, not committed
	AtPeriodSettled Failpoint = "settlement.settled"  // committed
	AtProofStarted  Failpoint = "settlement.proof"    // a measurement is open
	AtMeasured      Failpoint = "settlement.measured" // told in an event, committed
	AtBarrierHeld   Failpoint = "settlement.barrier"  // the log's end is known, nothing priced
)

// Failpoints lists all of them: every one must be hit by a test.
func Failpoints() []Failpoint {
	return []Failpoint{
		AtShareVerified, AtSharePublish, AtShareDurable, AtShareAnswer, AtShareAnswered, AtShareRead, AtShareApply, AtShareApplied,
		AtBlockFound, AtBlockSaved, AtBlockJudged, AtBlockVerdict, AtEpochCommitted,
		AtEdgeGrant, AtEdgeJob, AtEdgeForward, AtEdgeArrived, AtEdgeKept, AtEdgeForwarded, AtEdgeFound, AtEdgeHanded, AtEdgeFlush,
		AtOrderStored, AtOrderReserved, AtMarketCommit, AtMarketAck, AtTakeOver, AtOrderRejected, AtCancelNoted,
		AtTradeCommit, AtTradeChanged, AtFundOpened, AtFundCalled, AtPartyMade, AtTransfer, AtTransferred,
		AtWebhookVerified, AtWebhookRead, AtWebhookCommit, AtWebhookDone,
		AtLedgerPosted, AtEarnings, AtTxCommit, AtTxCommitted,
		AtPayoutRequested, AtPayoutReserved, AtPayoutAsk, AtPayoutSignature, AtPayoutSigned, AtPayoutBroadcast, AtPayoutSent, AtPayoutConfirmed,
		AtScanConnect, AtScanConnected, AtScanUndone, AtSignerDecided, AtSignerKept, AtSignerEnrolled,
		AtOutboxClaimed, AtOutboxHandled, AtOutboxDone,
		AtRedirectMade, AtRedirectLeased, AtRedirectResult,
		AtAgentSnapshot, AtAgentWrite, AtAgentWritten, AtAgentReadBack, AtAgentResult, AtAgentPosted,
		AtCustodyCommit, AtCustodyAfter, AtScanCounted, AtShipmentMoved,
		AtPeriodPriced, AtPeriodSettled, AtProofStarted, AtMeasured, AtBarrierHeld,
	}
}
