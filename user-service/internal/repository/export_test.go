package repository

// For the tests of plans.
const SelectDue = selectDue
