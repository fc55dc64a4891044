package lima_test

const cloneAndWait = "LIMA_TEST_CLONE_AND_WAIT"

func waitAfterClone(string) {}
