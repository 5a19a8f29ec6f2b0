package unit

// SetBooted makes Available look at another folder, because a test has a systemd of its own that is not process 1.
func SetBooted(folder string) { booted = folder }
