package record

import "slices"

// How says who answered the approval and with what words, as the end of a sentence;
// empty where nobody did.
func (a *Approval) How() string {
	out := ""
	if a.By != "" {
		out = " by " + a.By
	}
	if a.Text != "" {
		out += " (" + a.Text + ")"
	}
	return out
}

// LastReceipt is the index of the last action that can be taken back, -1 for none.
func (r *Recovery) LastReceipt() int {
	for n, receipt := range slices.Backward(r.Receipts) {
		if receipt != "" {
			return n
		}
	}
	return -1
}
