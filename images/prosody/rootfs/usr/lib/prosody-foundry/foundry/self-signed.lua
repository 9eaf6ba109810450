-- A certificate that nobody trusts, for hosts that have none. It stays with the data, so that who accepted it once need
-- not do so at each start.

local x509 = require("foundry.x509")
local pem = require("foundry.pem")

local path = require("foundry.folders").data .. "/self-signed.pem"
local days, least_days = 365, 30

local function read()
  local file = io.open(path)
  local text = file and file:read("a")
  if file then file:close() end
  local content = text and pem.read(text)
  local certificate = content and not content.problem and content.certificates[1]
  if not certificate or certificate.public_key ~= content.key then return nil end
  certificate.path, certificate.key_path, certificate.self_signed = path, path, true
  return certificate
end

local function is_good_for(certificate, names)
  if not certificate or certificate.not_after < os.time() + least_days * 86400 then return false end
  for _, name in ipairs(names) do
    if not certificate.names[name] then return false end
  end
  return true
end

local function make(names)
  local list = {}
  for _, name in ipairs(names) do list[#list + 1] = "DNS:" .. name end
  local text, problem = x509.make(table.concat(list, ","), days)
  if not text then return nil, problem end
  local part = path .. ".part"
  os.remove(part)
  local written
  written, problem = x509.write(part, text)
  if written then written, problem = os.rename(part, path) end
  return written, problem
end

-- One certificate for these names (A-labels), made anew where `may_write`; or nil and why there is none.
return function(names, may_write)
  local certificate = read()
  if is_good_for(certificate, names) then return certificate end
  if not may_write then return certificate, "there is none yet" end
  local made, problem = make(names)
  if not made then return nil, problem end
  return read()
end
