package incus_test

const crashEnv = "INCUS_TEST_CRASH"

func crash(string) {}
