package stratum

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"

	"hashyard"
	"hashyard/pool/job"
	"hashyard/pool/share"
)

// replyTrue is the answer everybody waits for.
func replyTrue(id []byte) []byte { return replyRaw(id, "true") }

// replyRaw answers with a result that is JSON already.
func replyRaw(id []byte, result string) []byte {
	return appendResult(make([]byte, 0, len(id)+len(result)+40), id, result)
}

func appendResult(b, id []byte, result string) []byte {
	b = append(b, `{"id":`...)
	b = append(b, id...)
	b = append(b, `,"result":`...)
	b = append(b, result...)
	return append(b, ",\"error\":null}\n"...)
}

// replyError is the one place where errors become Stratum's.
func replyError(id []byte, code share.Code, text string) []byte {
	if text == "" {
		text = code.String()
	}
	quoted, err := json.Marshal(text)
	if err != nil { // a string always marshals
		quoted = []byte(`""`)
	}
	b := make([]byte, 0, len(id)+len(quoted)+60)
	b = append(b, `{"id":`...)
	b = append(b, id...)
	b = append(b, `,"result":null,"error":[`...)
	b = strconv.AppendInt(b, int64(code), 10)
	b = append(b, ',')
	b = append(b, quoted...)
	return append(b, ",null]}\n"...)
}

func replySubscribe(id []byte, session hashyard.ID, en1 [job.Extranonce1Size]byte) []byte {
	return replyRaw(id, fmt.Sprintf(`[[["mining.set_difficulty","%[1]s"],["mining.notify","%[1]s"]],"%[2]s",%[3]d]`,
		session, hex.EncodeToString(en1[:]), job.Extranonce2Size))
}

// appendDifficulty writes a set_difficulty. No exponent: some firmware reads
// none; the shortest decimal that reads back equal is exact for our powers of
// two.
func appendDifficulty(b []byte, d hashyard.Difficulty) []byte {
	b = append(b, `{"id":null,"method":"mining.set_difficulty","params":[`...)
	b = strconv.AppendFloat(b, d.Wire(), 'f', -1, 64)
	return append(b, "]}\n"...)
}

func appendVersionMask(b []byte, mask uint32) []byte {
	return fmt.Appendf(b, "{\"id\":null,\"method\":\"mining.set_version_mask\",\"params\":[\"%08x\"]}\n", mask)
}
