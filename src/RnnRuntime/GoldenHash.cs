using System.Buffers.Binary;
using System.Security.Cryptography;

namespace RnnRuntime;

/// <summary>
/// What a network computes as one number: SHA-256 of every output of every step of a run over random inputs, and of the states at its end, as bits. It is
/// the same for every kernel variant, chunk length and machine. A NaN counts as one whatever its sign and payload, which are not part of the contract.
/// </summary>
internal static class GoldenHash
{
    public const int Steps = 32;

    private const ulong Seed = 1;
    private const uint NotANumber = 0x7FC00000;

    public static string Of(RnnModel model)
    {
        using var session = model.CreateSession(streams: 1, chunkLength: 1);
        var inputs = RnnInputs.Random(model.Graph, Steps, Seed);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var step = 0; step < Steps; step++)
        {
            inputs.Give(session, step, 1);
            session.Run();
            AddOutputs(hash, session);
        }

        foreach (var state in model.States)
        {
            var values = new float[state.Shape.ElementCount];
            session.GetState(state.Name, values);
            Add(hash, values);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void AddOutputs(IncrementalHash hash, RnnSession session)
    {
        var outputs = session.Model.Outputs;
        for (var i = 0; i < outputs.Length; i++)
        {
            if (outputs[i].Type == TensorType.Int32)
            {
                var integers = new int[outputs[i].Shape.ElementCount];
                session.GetOutput(i, integers);
                Add(hash, integers, integer => (uint)integer);
                continue;
            }

            var values = new float[outputs[i].Shape.ElementCount];
            session.GetOutput(i, values);
            Add(hash, values);
        }
    }

    private static void Add(IncrementalHash hash, float[] values) =>
        Add(hash, values, value => float.IsNaN(value) ? NotANumber : BitConverter.SingleToUInt32Bits(value));

    private static void Add<T>(IncrementalHash hash, T[] values, Func<T, uint> bitsOf)
    {
        var bytes = new byte[values.Length * sizeof(uint)];
        for (var i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i * sizeof(uint)), bitsOf(values[i]));
        }

        hash.AppendData(bytes);
    }
}
