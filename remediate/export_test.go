package remediate

// Moves is the table of the state machine, for tests that hold cases against it.
var Moves = moves
