using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RnnRuntime.Tests;

/// <summary>A .rnn file taken apart without the library's help, so that a test can change any part and put it together again.</summary>
internal sealed class RnnFileText
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public RnnFileText(byte[] file)
    {
        var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        HeaderText = Encoding.UTF8.GetString(file, 8, length);
        Data = file[(8 + length)..];
    }

    public string HeaderText { get; set; }

    public byte[] Data { get; set; }

    public JsonObject Header
    {
        get => JsonNode.Parse(HeaderText)!.AsObject();
        set => HeaderText = value.ToJsonString(Relaxed);
    }

    public string GraphText
    {
        get => Header["__metadata__"]!["rnn.graph"]!.GetValue<string>();
        set
        {
            var header = Header;
            header["__metadata__"]!["rnn.graph"] = value;
            Header = header;
        }
    }

    public void EditHeader(Action<JsonObject> edit)
    {
        var header = Header;
        edit(header);
        Header = header;
    }

    public void EditGraph(Action<JsonObject> edit)
    {
        var graph = JsonNode.Parse(GraphText)!.AsObject();
        edit(graph);
        GraphText = graph.ToJsonString(Relaxed);
    }

    /// <summary>The bytes where a tensor's data lie.</summary>
    public Span<byte> Tensor(string name)
    {
        var offsets = Header[name]!["data_offsets"]!.AsArray();
        return Data.AsSpan((int)offsets[0]!..(int)offsets[1]!);
    }

    public byte[] ToBytes()
    {
        var header = Encoding.UTF8.GetBytes(HeaderText.TrimEnd(' '));
        var length = header.Length + (-(8 + header.Length) & 63);
        var file = new byte[8 + length + Data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(file, length);
        file.AsSpan(8, length).Fill((byte)' ');
        header.CopyTo(file, 8);
        Data.CopyTo(file, 8 + length);
        return file;
    }
}
