-- Whose network address that is, as far as limits are concerned.

local load = require("foundry.core")

local ip_of = load("util.ip")
local net = load("util.net")

local mapped = ("\0"):rep(10) .. "\255\255"

local function simple(ip)
  local bytes = net.pton(ip)
  if bytes and bytes:sub(1, 12) == mapped then return net.ntop(bytes:sub(13)), 4 end
  return ip, bytes and #bytes
end

-- What one machine has: an IPv4 address, or all of an IPv6 network.
local function group_of(ip)
  local address, length = simple(ip)
  if length ~= 16 then return address end
  return net.ntop(net.pton(address):sub(1, 8) .. ("\0"):rep(8)) .. "/64"
end

local function each_line(path, visit)
  local file = io.open(path)
  for line in file and file:lines() or function() end do visit(line) end
  if file then file:close() end
end

-- From there come all whose own address the engine hides: with rootless engines, a proxy for ports, in Kubernetes.
local function find_gateways()
  local found = {}
  each_line("/proc/net/route", function(line)
    local target, gateway = line:match("^%S+%s+(%x+)%s+(%x+)")
    -- Numbers are in the machine's own order there.
    if target == "00000000" then found[net.ntop(("=I4"):pack(tonumber(gateway, 16)))] = true end
  end)
  each_line("/proc/net/ipv6_route", function(line)
    local gateway = line:match("^0+ 00 %x+ %x+ (%x+)")
    local bytes = gateway and gateway:gsub("%x%x", function(byte) return string.char(tonumber(byte, 16)) end)
    if bytes then found[net.ntop(bytes)] = true end
  end)
  return found
end

-- Answers a function(ip): whether that is a proxy, which speaks for many.
local function proxies(trusted)
  local networks, gateways = {}, find_gateways()
  for network in trusted:items() do networks[#networks + 1] = { ip_of.parse_cidr(network) } end
  return function(ip)
    if gateways[simple(ip)] then return true end
    local parsed = ip_of.new_ip(ip)
    for _, network in ipairs(networks) do
      if parsed and ip_of.match(parsed, network[1], network[2]) then return true end
    end
    return false
  end
end

return {
  group_of = group_of,
  -- Of a module's configuration.
  proxies_of = function(module)
    return proxies(module:get_option_set("trusted_proxies", { "127.0.0.1", "::1" }))
  end,
}
