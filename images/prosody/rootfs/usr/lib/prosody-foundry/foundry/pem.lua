-- What a file of PEM holds: certificates with their names and dates, and a private key.

local ssl = require("ssl")
local x509 = require("foundry.x509")

local xmpp_address, service_name = "1.3.6.1.5.5.7.8.5", "1.3.6.1.5.5.7.8.7"
local months = {
  Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11, Dec = 12,
}

-- "Nov 29 17:51:19 2026 GMT" → seconds since 1970, whatever the container's time zone.
local function seconds(text)
  local name, day, hour, minute, second, year = text:match("^(%a+)%s+(%d+) (%d+):(%d+):(%d+) (%d+)")
  local month = months[name]
  if not month then return nil end
  year = math.tointeger(year)
  if month < 3 then year, month = year - 1, month + 12 end
  local days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day - 1 - 719468
  return math.tointeger(((days * 24 + hour) * 60 + minute) * 60 + second)
end

local function common_name(certificate)
  for _, entry in ipairs(certificate:subject()) do
    if entry.name == "commonName" then return entry.value end
  end
end

-- Set of the names that it is for, in small letters.
local function names_of(certificate)
  certificate:setencode("utf8")
  local alternatives = (certificate:extensions() or {})["2.5.29.17"]
  local names = {}
  if not alternatives then
    names[(common_name(certificate) or ""):lower()] = true
    return names
  end
  for _, kind in ipairs({ "dNSName", xmpp_address, service_name }) do
    for _, name in ipairs(alternatives[kind] or {}) do
      names[(name:lower():gsub("^_xmpp%-%a+%.", ""))] = true
    end
  end
  return names
end

local function is_same_name(a, b)
  local function text(name)
    local parts = {}
    for _, entry in ipairs(name) do parts[#parts + 1] = entry.oid .. "=" .. entry.value end
    return table.concat(parts, "\n")
  end
  return text(a) == text(b)
end

local function describe(certificate)
  return {
    public_key = certificate:pubkey(), serial = certificate:serial(), fingerprint = certificate:digest("sha256"),
    not_before = seconds(certificate:notbefore()), not_after = seconds(certificate:notafter()),
    names = names_of(certificate), chain = 1,
  }
end

local function load_certificate(text)
  local certificate = ssl.loadcertificate(text)
  local found, described = pcall(describe, certificate)
  if not certificate or not found or not described.not_after then return nil end
  return certificate, described
end

-- { certificates = list, key = public key or nil, problem = or nil, is_pem = } of a text.
local function read(text)
  local content, last = { certificates = {} }, nil
  for kind, block in text:gmatch("(%-%-%-%-%-BEGIN ([%u%d ]+)%-%-%-%-%-.-%-%-%-%-%-END %2%-%-%-%-%-)") do
    kind, block = block, kind .. "\n"
    content.is_pem = true
    if kind == "CERTIFICATE" then
      local certificate, described = load_certificate(block)
      if not certificate then
        content.problem = "holds a broken certificate"
        return content
      end
      local first = content.certificates[1]
      if last and first and is_same_name(last:issuer(), certificate:subject()) then first.chain = first.chain + 1 end
      last = certificate
      table.insert(content.certificates, described)
    elseif kind:find("PRIVATE KEY$") then
      content.key, content.problem = x509.public_key(block)
    end
  end
  local _, begun = text:gsub("%-%-%-%-%-BEGIN ", "")
  local _, ended = text:gsub("%-%-%-%-%-END ", "")
  if begun > ended then content.problem = "is cut off" end
  return content
end

return { read = read }
