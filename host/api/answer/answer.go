// Package answer is the page at which a person answers an approval by a signed
// link, without a token of the API.
//
// It owns the link, its signature and the page. A GET shows what is asked and
// does nothing, so that programs which look at addresses in messages approve
// nothing; a POST answers. A link is bound to the approval, to the hash of its
// proposal and evidence, and to its expiry; an approval is answered once, so a
// link acts once. It has no logic of approvals: that is behind Approvals. A
// Handler is safe for concurrent use.
package answer

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/api/quota"
)

// Path is where the page is served; the token follows.
const Path = "/answer/"

// Approvals are asked and answered. Errors of type *api.Problem are shown with
// their status.
type Approvals interface {
	Approval(ctx context.Context, id string) (api.Approval, error)
	Approve(ctx context.Context, id, hash string) (api.Approval, error)
	Reject(ctx context.Context, id, reason string) (api.Approval, error)
}

// Handler serves the page.
type Handler struct {
	key       Key
	approvals Approvals
	log       hclog.Logger
	limit     *quota.Quota
}

// New returns a handler for Path.
func New(key Key, approvals Approvals, log hclog.Logger) *Handler {
	return &Handler{key: key, approvals: approvals, log: log, limit: quota.New()}
}

// Address returns the link to an approval under the address at which people
// reach the daemon, empty where there is none.
func (k Key) Address(external string, l Link) string {
	if external == "" {
		return ""
	}
	return strings.TrimRight(external, "/") + Path + url.PathEscape(k.Token(l))
}

// ServeHTTP shows the question, or takes the answer.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	if wait := h.limit.Wait(quota.Peer(r.RemoteAddr), now); wait > 0 {
		h.write(w, r, page{Status: http.StatusTooManyRequests, RetryAfter: wait, Text: "too many requests; wait a minute"})
		return
	}
	link, err := h.key.Open(strings.TrimPrefix(r.URL.Path, Path), now)
	switch {
	case errors.Is(err, errExpired):
		h.write(w, r, page{Status: http.StatusGone, Text: err.Error()})
	case err != nil:
		h.write(w, r, page{Status: http.StatusNotFound, Text: err.Error()})
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		h.write(w, r, h.show(r.Context(), link))
	case r.Method == http.MethodPost:
		h.write(w, r, h.answer(r, link))
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		h.write(w, r, page{Status: http.StatusMethodNotAllowed, Text: "GET shows the question, POST answers it"})
	}
}

// show tells what is asked, and asks only while that is still the question.
func (h *Handler) show(ctx context.Context, link Link) page {
	a, p := h.find(ctx, link)
	if p != nil {
		return *p
	}
	return page{Status: http.StatusOK, Approval: &a, Open: a.State == "pending"}
}

// find returns the approval that the link is about, or the page that says why
// it cannot be answered.
func (h *Handler) find(ctx context.Context, link Link) (api.Approval, *page) {
	a, err := h.approvals.Approval(ctx, link.ID)
	var problem *api.Problem
	switch {
	case errors.As(err, &problem) && problem.Status == http.StatusNotFound:
		return a, &page{Status: http.StatusNotFound, Text: "this approval is no longer known"}
	case err != nil:
		p := h.failed(err)
		return a, &p
	case a.Hash != link.Hash:
		return api.Approval{}, &page{Status: http.StatusConflict, Text: "the proposal is another one by now than the one that this link is for; look for a newer message"}
	}
	return a, nil
}

const (
	maxBody   = 8 << 10
	maxReason = 1000
)

// answer carries a person's answer out.
func (h *Handler) answer(r *http.Request, link Link) page {
	r.Body = http.MaxBytesReader(nil, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		return page{Status: http.StatusBadRequest, Text: "the answer cannot be read: send a form with answer=approve, or answer=reject and a reason"}
	}
	a, p := h.find(r.Context(), link)
	if p != nil {
		return *p
	}
	verb, reason := r.PostForm.Get("answer"), strings.TrimSpace(r.PostForm.Get("reason"))
	ctx := api.WithActor(r.Context(), api.Identity{Name: "link from " + quota.Peer(r.RemoteAddr), Role: api.RoleOperator})
	var done api.Approval
	var err error
	switch {
	case verb == "approve" && a.State == "approved", verb == "reject" && a.State == "rejected":
		return page{Status: http.StatusOK, Approval: &a} // answered so before: nothing is done twice
	case verb == "approve":
		done, err = h.approvals.Approve(ctx, link.ID, link.Hash)
	case verb == "reject" && (reason == "" || len(reason) > maxReason):
		return page{Status: http.StatusUnprocessableEntity, Approval: &a, Open: a.State == "pending", Text: "to reject it, give a reason of at most 1,000 bytes: strategies and people learn from it"}
	case verb == "reject":
		done, err = h.approvals.Reject(ctx, link.ID, reason)
	default:
		return page{Status: http.StatusUnprocessableEntity, Approval: &a, Open: a.State == "pending", Text: "answer approve or reject"}
	}
	if err != nil {
		return h.failed(err)
	}
	return page{Status: http.StatusOK, Approval: &done}
}

func (h *Handler) failed(err error) page {
	var problem *api.Problem
	if errors.As(err, &problem) {
		return page{Status: problem.Status, Text: problem.Error()}
	}
	h.log.Error("an answer by link could not be carried out", "error", err)
	return page{Status: http.StatusInternalServerError, Text: "the answer could not be carried out; see the daemon's log"}
}
