module marketplace/shared

go 1.26.0
