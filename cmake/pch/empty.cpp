// The one file of a library that only owns a precompiled header.
