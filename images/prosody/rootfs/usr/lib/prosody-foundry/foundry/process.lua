-- Who this process and process 1 are, as the kernel tells.

local function read_status(pid)
  local status = {}
  local file = io.open(("/proc/%s/status"):format(pid))
  if not file then return status end
  for line in file:lines() do
    local name, value = line:match("^(%w+):%s*(.*)$")
    if name then status[name] = value end
  end
  file:close()
  return status
end

local function number_of(status, name)
  return tonumber((status[name] or ""):match("^%d+%s+(%d+)"))
end

local own = read_status("self")

-- In a user namespace, as rootless Podman makes one, user 0 is somebody else outside.
local function is_mapped()
  local file = io.open("/proc/self/uid_map")
  local line = file and file:read()
  if file then file:close() end
  return line ~= nil and not line:find("^%s*0%s+0%s+4294967295")
end

return {
  user = number_of(own, "Uid"),
  group = number_of(own, "Gid"),
  is_first = own.Pid == "1",
  is_mapped = is_mapped,
  -- User 0 without capabilities may no more than any other.
  has_capabilities = (own.CapEff or "0"):find("[^0]") ~= nil,
  -- The user of process 1, and whether that is Lua, which is the server in a container of this image.
  first = function()
    local status = read_status(1)
    return number_of(status, "Uid"), (status.Name or ""):find("^lua") ~= nil, number_of(status, "Gid")
  end,
}
