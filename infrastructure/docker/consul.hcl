# The agent in the container `consul`; access control: ../consul/agent.sh.
server = true
bootstrap_expect = 1
node_name = "consul"
data_dir = "/consul/data"
client_addr = "0.0.0.0"
bind_addr = "{{ GetInterfaceIP \"eth0\" }}"
log_level = "WARN"
disable_update_check = true
enable_script_checks = false
ui_config { enabled = true }
performance { raft_multiplier = 1 }
