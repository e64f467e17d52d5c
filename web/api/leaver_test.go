package api_test

import (
	"testing"
	"time"

	"hashyard"
	"hashyard/web"
	"hashyard/web/api"
)

// TestKeysEndWithTheirMaker: who is disabled keeps no key in the pocket, nor
// one made by a key of theirs; other people's keys stay.
func TestKeysEndWithTheirMaker(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.must(y.svc.SeedUser(t.Context(), y.seller.ID, "ann@north.example", "Ann", password, []hashyard.Role{hashyard.Owner}))
	y.must(y.svc.SeedTOTP(t.Context(), "ann@north.example", y.totp))
	owner, ann := y.signIn("owner@north.example"), y.signIn("ann@north.example")
	makeKey := func(b *browser, role string) (*browser, web.Key) {
		k := decode[api.NewKey](t, b.do("POST", "/keys", map[string]any{"name": "k", "roles": []string{role}, "elevated": role == "owner"}))
		return &browser{y: y, key: k.Secret}, k.Key
	}
	hers, _ := makeKey(ann, "owner")
	second, key := makeKey(hers, "viewer")
	others, _ := makeKey(owner, "viewer")
	me := decode[api.Me](t, ann.do("GET", "/me", nil))
	if key.CreatedBy != me.User.ID {
		t.Errorf("a key of her key was made by %s", key.CreatedBy)
	}
	for _, b := range []*browser{hers, second, others} {
		y.want(b.do("GET", "/me", nil), 200, "")
	}
	change := func(disabled bool, version int) {
		y.want(owner.do("PUT", "/users/"+me.User.ID.String(), map[string]any{"name": "Ann", "roles": []string{"owner"}, "disabled": disabled, "version": version}), 200, "")
	}
	change(true, 1)
	for _, b := range []*browser{hers, second} {
		y.want(b.do("GET", "/me", nil), 401, "unknown, expired or revoked")
	}
	y.want(others.do("GET", "/me", nil), 200, "")
	y.want(owner.do("GET", "/audit?ref_kind=key&ref_id="+key.ID.String(), nil), 200, "key.revoke")

	// One that was being made at that moment opens nothing either.
	late, id := web.NewKey()
	y.must(y.svc.SeedKey(t.Context(), y.seller.ID, late, "late", []hashyard.Role{hashyard.Viewer}, false))
	y.want((&browser{y: y, key: late}).do("GET", "/me", nil), 200, "")
	_, err := y.owner.Exec(t.Context(), "UPDATE api_keys SET created_by = $2 WHERE id = $1", id, me.User.ID)
	y.must(err)
	y.want((&browser{y: y, key: late}).do("GET", "/me", nil), 401, "unknown, expired or revoked")

	// Coming back does not bring revoked keys back.
	change(false, 2)
	y.want(hers.do("GET", "/me", nil), 401, "unknown, expired or revoked")
	y.signIn("ann@north.example")
	for _, k := range decode[web.Page[web.Key]](t, owner.do("GET", "/keys", nil)).Items {
		if k.CreatedBy == me.User.ID && k.ID != id && time.Since(k.RevokedAt) > time.Minute {
			t.Errorf("key %s revoked at %s", k.ID, k.RevokedAt)
		}
	}
}

// TestKeysOfAnOwnerWhoStepsDown: an owner who becomes a viewer keeps no owner's
// key in the pocket, and no invitation that would bring an owner of theirs in.
func TestKeysOfAnOwnerWhoStepsDown(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.must(y.svc.SeedUser(t.Context(), y.seller.ID, "ann@north.example", "Ann", password, []hashyard.Role{hashyard.Owner}))
	y.must(y.svc.SeedTOTP(t.Context(), "ann@north.example", y.totp))
	owner, ann := y.signIn("owner@north.example"), y.signIn("ann@north.example")
	makeKey := func(b *browser, role string) *browser {
		k := decode[api.NewKey](t, b.do("POST", "/keys", map[string]any{"name": role, "roles": []string{role}, "elevated": role == "owner"}))
		return &browser{y: y, key: k.Secret}
	}
	hers, viewer, trader, agent := makeKey(ann, "owner"), makeKey(ann, "viewer"), makeKey(ann, "trader"), makeKey(ann, "agent")
	others := makeKey(owner, "owner")
	// An owner's key makes keys too: they are hers.
	second := makeKey(hers, "owner")
	me := decode[api.Me](t, ann.do("GET", "/me", nil))
	invite := func(b *browser, email string) web.Invitation {
		return decode[web.Invitation](t, b.do("POST", "/invitations", map[string]any{"email": email, "roles": []string{"owner"}}))
	}
	friend, colleague := invite(ann, "friend@north.example"), invite(owner, "colleague@north.example")
	y.want(owner.do("PUT", "/users/"+me.User.ID.String(), map[string]any{"name": "Ann", "roles": []string{"viewer"}, "disabled": false, "version": 1}), 200, "")
	for _, b := range []*browser{hers, trader, second} {
		y.want(b.do("GET", "/me", nil), 401, "unknown, expired or revoked")
	}
	for _, b := range []*browser{viewer, others} {
		y.want(b.do("GET", "/me", nil), 200, "")
	}
	y.want(agent.do("GET", "/me", nil), 403, "") // known, and no person
	for _, i := range decode[web.Page[web.Invitation]](t, owner.do("GET", "/invitations", nil)).Items {
		want := map[hashyard.ID]web.InvitationState{friend.ID: web.InvitationRevoked, colleague.ID: web.InvitationOpen}[i.ID]
		if i.State != want {
			t.Errorf("the invitation of %s is %s, want %s", i.Email, i.State, want)
		}
	}
}
