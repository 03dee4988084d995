package app_test

func cleanUp(int) {}
