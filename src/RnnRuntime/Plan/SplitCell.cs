using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using RnnRuntime.Kernels;
using RnnRuntime.Threading;

namespace RnnRuntime.Plan;

/// <summary>
/// A recurrent cell whose units are divided among threads, with the bits of the whole one. A part does its units' rows of the input product, of all time steps,
/// with the first time step. All parts read the hidden states of the step before in Y, where each writes those of its units, so that one barrier a
/// time step is enough (two for a GRU that resets before the product); the last ones are copied to the state at the end. Used by whoever has the team.
/// </summary>
internal sealed unsafe class SplitCell : SplitWork
{
    private readonly CellKind _kind;
    private readonly UnaryFunction _activation;
    private readonly KernelVariant _variant;
    private readonly CellWeights _weights;
    private readonly Divisions<CellPart> _divisions;
    private readonly ScratchBuffers[] _scratch;
    private readonly ProductScratch[] _boundScratch;
    private CellPart[] _parts = [];
    private CellArguments _arguments;

    private SplitCell(
        CellKind kind, UnaryFunction activation, KernelVariant variant, in CellWeights weights, Divisions<CellPart> divisions, ScratchBuffers[] scratch)
    {
        _kind = kind;
        _activation = activation;
        _variant = variant;
        _weights = weights;
        _divisions = divisions;
        _scratch = scratch;
        _boundScratch = new ProductScratch[scratch.Length];
    }

    /// <summary>Scratch of the parts.</summary>
    public IEnumerable<BufferInfo> Buffers => _scratch.SelectMany(scratch => scratch.All);

    /// <summary>Null where the cell cannot be divided.</summary>
    /// <param name="kind">The cell.</param>
    /// <param name="activation">That of a plain RNN.</param>
    /// <param name="variant">The kernels.</param>
    /// <param name="weights">The whole cell.</param>
    /// <param name="rule">How it may be divided.</param>
    /// <param name="newScratch">Makes scratch for one part.</param>
    public static SplitCell? Create(
        CellKind kind, UnaryFunction activation, KernelVariant variant, CellWeights weights, SplitRule rule, Func<int, ScratchBuffers> newScratch)
    {
        var units = weights.Groups * 8;
        var lanesPerUnit = weights.Recurrent.Lanes / units;
        var divisions = kind is CellKind.GruResetAfter or CellKind.GruResetBefore
            ? Divisions<CellPart>.Create(rule, units, IsCutOfGru, GruPart, weights.Input, weights.Recurrent, weights.Candidate)
            : Divisions<CellPart>.Create(rule, units, IsCut, Part, weights.Input, weights.Recurrent);
        return divisions is null
            ? null
            : new SplitCell(kind, activation, variant, weights, divisions, [.. Enumerable.Range(0, divisions.MostParts).Select(newScratch)]);

        bool IsCut(int unit) => unit % 8 == 0 && Panels.IsCut(weights.Recurrent.Lanes, unit * lanesPerUnit);

        // The gate n of the input has to begin at a panel of its own, too.
        bool IsCutOfGru(int unit) => units % 64 == 0 && unit % 64 == 0;

        CellPart Part(int start, int end) => new(
            start, (end - start) / 8, weights.Input.Part(start * lanesPerUnit, end * lanesPerUnit), default,
            weights.Recurrent.Part(start * lanesPerUnit, end * lanesPerUnit), default);

        CellPart GruPart(int start, int end) => new(
            start, (end - start) / 8, weights.Input.Part(start * 2, end * 2), weights.Input.Part((units * 2) + start, (units * 2) + end),
            weights.Recurrent.Part(start * 2, end * 2), weights.Candidate.Part(start, end));
    }

    /// <summary>How many threads share the cell for this many streams.</summary>
    public int PartsFor(int streams) => Math.Max(1, _divisions.For(streams).Length);

    /// <summary>Runs the cell on the session's team; false where it is taken or sharing does not pay.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryRun(StepContext context, in CellArguments arguments)
    {
        var parts = _divisions.For(arguments.Streams);
        if (parts.Length < 2 || context.Team is not { } team || !team.TryEnter())
        {
            return false;
        }

        Prepare(context, parts, arguments);
        team.Run(this, _kind == CellKind.GruResetBefore ? arguments.TimeSteps * 2 : arguments.TimeSteps, parts.Length);
        var last = OutputOf(arguments.TimeSteps - 1);
        for (var b = 0; b < arguments.Streams; b++)
        {
            Copy(last + (b * arguments.YStride), arguments.Hidden + (b * arguments.StateStride), _weights.Groups * 8);
        }

        team.Exit();
        return true;
    }

    /// <summary>Writes only what is not there from the last call: a line that stays as it is stays in the workers' caches.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Prepare(StepContext context, CellPart[] parts, in CellArguments arguments)
    {
        for (var part = 0; part < parts.Length; part++)
        {
            SetIfChanged(ref _boundScratch[part], _scratch[part].Bind(context));
        }

        SetIfChanged(ref _arguments, arguments);
        if (_parts != parts)
        {
            _parts = parts;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SetIfChanged<T>(ref T field, in T value)
        where T : unmanaged
    {
        var old = MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in field));
        if (!old.SequenceEqual(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value))))
        {
            field = value;
        }
    }

    /// <summary>Asks for the hidden states that other threads have written, all at once, while the input product runs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Prefetch(int phase)
    {
        const int Line = 16;
        if (Sse.IsSupported && _kind != CellKind.GruResetBefore)
        {
            var hidden = HiddenBefore(phase, out _);
            for (var unit = 0; unit < _weights.Groups * 8; unit += Line)
            {
                Sse.Prefetch0(hidden + unit);
            }
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(int phase, int part)
    {
        var units = _parts[part];
        ref readonly var scratch = ref _boundScratch[part];
        Prefetch(phase);
        if (phase == 0)
        {
            MultiplyInput(units, scratch);
        }

        switch (_kind)
        {
            case CellKind.Lstm: Lstm(phase, units, scratch); break;
            case CellKind.GruResetAfter: GruResetAfter(phase, units, scratch); break;
            case CellKind.GruResetBefore when phase % 2 == 0: ResetHidden(phase / 2, units, scratch); break;
            case CellKind.GruResetBefore: GruResetBefore(phase / 2, units, scratch); break;
            default: Rnn(phase, units, scratch); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyInput(CellPart part, in ProductScratch scratch)
    {
        ref readonly var a = ref _arguments;
        var lane = part.FirstUnit * LanesPerUnit;
        var vectors = a.TimeSteps * a.Streams;
        _variant.Multiply(part.Input, a.X, a.XStride, _weights.Bias + lane, 0, a.Gates + lane, a.GatesStride, vectors, scratch);
        if (part.InputCandidate.Lanes > 0)
        {
            lane = (_weights.Groups * 16) + part.FirstUnit;
            _variant.Multiply(part.InputCandidate, a.X, a.XStride, _weights.Bias + lane, 0, a.Gates + lane, a.GatesStride, vectors, scratch);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Lstm(int t, CellPart part, in ProductScratch scratch)
    {
        ref readonly var a = ref _arguments;
        var gates = MultiplyGates(t, part, scratch);
        var cell = a.Cell + part.FirstUnit;
        var y = OutputOf(t) + part.FirstUnit;
        for (var b = 0; b < a.Streams; b++, gates += a.GatesStride, cell += a.StateStride, y += a.YStride)
        {
            _variant.LstmUnits(part.Groups, gates, cell, y, y);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void GruResetAfter(int t, CellPart part, in ProductScratch scratch)
    {
        ref readonly var a = ref _arguments;
        var gates = MultiplyGates(t, part, scratch);
        var hidden = HiddenBefore(t, out var hiddenStride);
        var recurrent = a.Cell + part.FirstUnit;
        _variant.Multiply(
            part.Candidate, hidden, hiddenStride, _weights.CandidateBias + part.FirstUnit, 0, recurrent, a.StateStride, a.Streams, scratch);
        GruUnits(t, part, gates, recurrent);
    }

    /// <summary>The first half of a time step: r, z and the hidden state that r lets through.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ResetHidden(int t, CellPart part, in ProductScratch scratch)
    {
        ref readonly var a = ref _arguments;
        var gates = MultiplyGates(t, part, scratch);
        var hidden = HiddenBefore(t, out var hiddenStride) + part.FirstUnit;
        var result = a.Cell + part.FirstUnit;
        for (var b = 0; b < a.Streams; b++, gates += a.GatesStride, hidden += hiddenStride, result += a.StateStride)
        {
            _variant.ResetUnits(part.Groups, gates, hidden, result);
        }
    }

    /// <summary>The second half: n and the new hidden state.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void GruResetBefore(int t, CellPart part, in ProductScratch scratch)
    {
        ref readonly var a = ref _arguments;
        var candidates = CandidatesOf(t) + part.FirstUnit;
        _variant.Multiply(
            part.Candidate, a.Cell, a.StateStride, candidates, a.GatesStride, candidates, a.GatesStride, a.Streams, scratch);
        GruUnits(t, part, GatesOf(t) + (part.FirstUnit * LanesPerUnit), null);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Rnn(int t, CellPart part, in ProductScratch scratch)
    {
        ref readonly var a = ref _arguments;
        var gates = MultiplyGates(t, part, scratch);
        var y = OutputOf(t) + part.FirstUnit;
        for (var b = 0; b < a.Streams; b++, gates += a.GatesStride, y += a.YStride)
        {
            _variant.Unary(_activation, gates, y, part.Groups * 8);
            _variant.Unary(UnaryFunction.Flush, y, y, part.Groups * 8);
        }
    }

    /// <summary>Adds the recurrent product to the part's gates, and gives the first stream's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private float* MultiplyGates(int t, CellPart part, in ProductScratch scratch)
    {
        ref readonly var a = ref _arguments;
        var gates = GatesOf(t) + (part.FirstUnit * LanesPerUnit);
        var hidden = HiddenBefore(t, out var hiddenStride);
        _variant.Multiply(part.Recurrent, hidden, hiddenStride, gates, a.GatesStride, gates, a.GatesStride, a.Streams, scratch);
        return gates;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void GruUnits(int t, CellPart part, float* gates, float* recurrent)
    {
        ref readonly var a = ref _arguments;
        var candidates = CandidatesOf(t) + part.FirstUnit;
        var hidden = HiddenBefore(t, out var hiddenStride) + part.FirstUnit;
        var y = OutputOf(t) + part.FirstUnit;
        for (var b = 0; b < a.Streams; b++, gates += a.GatesStride, candidates += a.GatesStride, hidden += hiddenStride, y += a.YStride)
        {
            Copy(hidden, y, part.Groups * 8);
            _variant.GruUnits(part.Groups, gates, candidates, recurrent, y, y);
            recurrent = recurrent == null ? null : recurrent + a.StateStride;
        }
    }

    private int LanesPerUnit => _kind switch
    {
        CellKind.Lstm => 4,
        CellKind.Rnn => 1,
        _ => 2,
    };

    private float* GatesOf(int t) => _arguments.Gates + ((nint)t * _arguments.Streams * _arguments.GatesStride);

    private float* CandidatesOf(int t) => GatesOf(t) + (_weights.Groups * 16);

    private float* OutputOf(int t) => _arguments.Y + ((nint)t * _arguments.Streams * _arguments.YStride);

    private float* HiddenBefore(int t, out nint stride)
    {
        stride = t == 0 ? _arguments.StateStride : _arguments.YStride;
        return t == 0 ? _arguments.Hidden : OutputOf(t - 1);
    }

    private static void Copy(float* from, float* to, int count) => new ReadOnlySpan<float>(from, count).CopyTo(new Span<float>(to, count));
}
