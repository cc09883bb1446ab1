namespace RnnRuntime.Import.Onnx;

/// <summary>What the wire check knows of the messages of an ONNX file: onnx.proto, and the fields that are skipped because they change no result.</summary>
internal static class OnnxReaderSchema
{
    /// <summary>One more than the largest field number.</summary>
    public const int Numbers = 26;

    private static readonly OnnxField?[][] Fields = Build();

    /// <summary>The field, or null where this importer knows none of that number.</summary>
    public static OnnxField? Find(OnnxMessage message, uint number)
    {
        var fields = Fields[(int)message];
        return number < (uint)fields.Length ? fields[number] : null;
    }

    /// <summary>All fields of a message.</summary>
    public static IEnumerable<OnnxField> Of(OnnxMessage message) => Fields[(int)message].Where(field => field is not null)!;

    private static OnnxField?[][] Build()
    {
        var fields = new OnnxField?[(int)OnnxMessage.Dimension + 1][];
        fields[(int)OnnxMessage.Model] = Of(
            new(1, "ir_version", OnnxFieldKind.Varint),
            Message(7, "graph", OnnxMessage.Graph),
            Message(8, "opset_import", OnnxMessage.OperatorSet),
            Message(14, "metadata_props", OnnxMessage.Entry),
            new(20, "training_info", OnnxFieldKind.Unread),
            new(25, "functions", OnnxFieldKind.Unread),
            Skipped(2, "producer_name"), Skipped(3, "producer_version"), Skipped(4, "domain"), Skipped(5, "model_version"), Skipped(6, "doc_string"));
        fields[(int)OnnxMessage.OperatorSet] = Of(new(1, "domain", OnnxFieldKind.Text), new(2, "version", OnnxFieldKind.Varint));
        fields[(int)OnnxMessage.Entry] = Of(new(1, "key", OnnxFieldKind.Text), new(2, "value", OnnxFieldKind.Text));
        // quantization_annotation names the scales of tensors that other nodes already apply.
        fields[(int)OnnxMessage.Graph] = Of(
            Message(1, "node", OnnxMessage.Node),
            new(2, "name", OnnxFieldKind.Text),
            Message(5, "initializer", OnnxMessage.Tensor),
            Message(11, "input", OnnxMessage.ValueInfo),
            Message(12, "output", OnnxMessage.ValueInfo),
            new(15, "sparse_initializer", OnnxFieldKind.Unread),
            Skipped(10, "doc_string"), Skipped(13, "value_info"), Skipped(14, "quantization_annotation"), Skipped(16, "metadata_props"));
        fields[(int)OnnxMessage.Node] = Of(
            new(1, "input", OnnxFieldKind.Text),
            new(2, "output", OnnxFieldKind.Text),
            new(3, "name", OnnxFieldKind.Text),
            new(4, "op_type", OnnxFieldKind.Text),
            Message(5, "attribute", OnnxMessage.Attribute),
            new(7, "domain", OnnxFieldKind.Text),
            new(8, "overload", OnnxFieldKind.Text),
            Skipped(6, "doc_string"), Skipped(9, "metadata_props"));
        fields[(int)OnnxMessage.Attribute] = Of(
            new(1, "name", OnnxFieldKind.Text),
            new(2, "f", OnnxFieldKind.Fixed32),
            new(3, "i", OnnxFieldKind.Varint),
            new(4, "s", OnnxFieldKind.Text),
            Message(5, "t", OnnxMessage.Tensor),
            Message(6, "g", OnnxMessage.Graph),
            new(7, "floats", OnnxFieldKind.Fixed32s),
            new(8, "ints", OnnxFieldKind.Varints),
            new(9, "strings", OnnxFieldKind.Text),
            new(10, "tensors", OnnxFieldKind.Unread),
            new(11, "graphs", OnnxFieldKind.Unread),
            new(14, "tp", OnnxFieldKind.Unread),
            new(15, "type_protos", OnnxFieldKind.Unread),
            new(20, "type", OnnxFieldKind.Varint),
            new(21, "ref_attr_name", OnnxFieldKind.Text),
            new(22, "sparse_tensor", OnnxFieldKind.Unread),
            new(23, "sparse_tensors", OnnxFieldKind.Unread),
            Skipped(13, "doc_string"));
        fields[(int)OnnxMessage.Tensor] = Of(
            new(1, "dims", OnnxFieldKind.Varints),
            new(2, "data_type", OnnxFieldKind.Varint),
            new(3, "segment", OnnxFieldKind.Unread),
            new(4, "float_data", OnnxFieldKind.Fixed32s),
            new(5, "int32_data", OnnxFieldKind.Varints, ElementBytes: 4),
            new(6, "string_data", OnnxFieldKind.Text),
            new(7, "int64_data", OnnxFieldKind.Varints),
            new(8, "name", OnnxFieldKind.Text),
            new(9, "raw_data", OnnxFieldKind.Text),
            new(10, "double_data", OnnxFieldKind.Fixed64s),
            new(11, "uint64_data", OnnxFieldKind.Varints),
            Message(13, "external_data", OnnxMessage.Entry),
            new(14, "data_location", OnnxFieldKind.Varint),
            Skipped(12, "doc_string"), Skipped(16, "metadata_props"));
        fields[(int)OnnxMessage.ValueInfo] = Of(
            new(1, "name", OnnxFieldKind.Text),
            Message(2, "type", OnnxMessage.Type),
            Skipped(3, "doc_string"), Skipped(4, "metadata_props"));
        fields[(int)OnnxMessage.Type] = Of(
            Message(1, "tensor_type", OnnxMessage.TensorType),
            new(4, "sequence_type", OnnxFieldKind.Unread),
            new(5, "map_type", OnnxFieldKind.Unread),
            new(7, "opaque_type", OnnxFieldKind.Unread),
            new(8, "sparse_tensor_type", OnnxFieldKind.Unread),
            new(9, "optional_type", OnnxFieldKind.Unread),
            Skipped(6, "denotation"));
        fields[(int)OnnxMessage.TensorType] = Of(new(1, "elem_type", OnnxFieldKind.Varint), Message(2, "shape", OnnxMessage.Shape));
        fields[(int)OnnxMessage.Shape] = Of(Message(1, "dim", OnnxMessage.Dimension));
        fields[(int)OnnxMessage.Dimension] = Of(
            new(1, "dim_value", OnnxFieldKind.Varint), new(2, "dim_param", OnnxFieldKind.Text), Skipped(3, "denotation"));
        return fields;
    }

    private static OnnxField Message(int number, string name, OnnxMessage message) => new(number, name, OnnxFieldKind.Message, message);

    private static OnnxField Skipped(int number, string name) => new(number, name, OnnxFieldKind.Skipped);

    private static OnnxField?[] Of(params ReadOnlySpan<OnnxField> fields)
    {
        var byNumber = new OnnxField?[Numbers];
        foreach (var field in fields)
        {
            byNumber[field.Number] = field;
        }

        return byNumber;
    }
}

/// <summary>A field of a message.</summary>
/// <param name="Number">Its number on the wire.</param>
/// <param name="Name">Its name in the public schema.</param>
/// <param name="Kind">How it is written.</param>
/// <param name="Message">The message it holds, for <see cref="OnnxFieldKind.Message"/>.</param>
/// <param name="ElementBytes">What an element of a list of varints takes once it is read.</param>
internal sealed record OnnxField(int Number, string Name, OnnxFieldKind Kind, OnnxMessage Message = default, int ElementBytes = 8);

internal enum OnnxFieldKind
{
    Varint,
    Fixed32,

    /// <summary>Text or bytes, once or repeated.</summary>
    Text,
    Message,

    /// <summary>Lists of numbers, packed or one by one.</summary>
    Varints,
    Fixed32s,
    Fixed64s,

    /// <summary>A message whose presence is refused where it stands, by the name of what holds it.</summary>
    Unread,

    /// <summary>Changes no result.</summary>
    Skipped,
}

internal enum OnnxMessage
{
    Model,
    OperatorSet,
    Entry,
    Graph,
    Node,
    Attribute,
    Tensor,
    ValueInfo,
    Type,
    TensorType,
    Shape,
    Dimension,
}
