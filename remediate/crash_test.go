package remediate_test

const childEnv = "ROLLCALL_CRASH_CHILD"

func child() int { return 0 }
