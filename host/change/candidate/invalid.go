package candidate

// Invalid is the error of a change that is wrong in itself, whatever the state of the host.
type Invalid struct {
	Rule, Text, Hint string
}

// Error tells what is wrong and what to do.
func (e *Invalid) Error() string { return e.Text + "; " + e.Hint }
