print "nginx:1.27"
