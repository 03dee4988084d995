module marketplace/user-service

go 1.26.0

replace (
	marketplace/proto => ../proto
	marketplace/shared => ../shared
)
